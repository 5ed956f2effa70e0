import { expect, it } from "vitest";
import { readEnv } from "../platform/env";
import { strictTransportSecurity } from "./hsts";

const AUTH_URL = "https://accounts.example.com";

it("asks for https for two years, for subdomains only where that is set, and over plain http not at all", () => {
  expect(strictTransportSecurity(readEnv({ AUTH_URL }))).toBe("max-age=63072000");
  expect(strictTransportSecurity(readEnv({ AUTH_URL, HSTS_SUBDOMAINS: "true" }))).toBe(
    "max-age=63072000; includeSubDomains",
  );
  expect(strictTransportSecurity(readEnv({ HSTS_SUBDOMAINS: "true" }))).toBeNull();
});
