import { describe, expect, it } from "vitest";
import { hasPasskeys } from "./passkeys";

describe("hasPasskeys", () => {
  it.each(["https://example.com", "https://intranet", "http://localhost:3000", "http://app.localhost"])(
    "is true at %s",
    (url) => expect(hasPasskeys(new URL(url))).toBe(true),
  );

  it.each([
    "http://example.com",
    "http://127.0.0.1:3000",
    "http://[::1]:3000",
    "https://192.0.2.1",
    "https://0x7f.1",
    "https://[2001:db8::1]",
    "http://192.168.1.5",
    "http://localhost.example.com",
  ])("is false at %s", (url) => expect(hasPasskeys(new URL(url))).toBe(false));
});
