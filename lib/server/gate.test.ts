import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { cleanHeaders, refusal } from "./gate";

const publicOrigin = "https://accounts.example.com";
const request = (method: string, headers: Record<string, string>) =>
  ({ method, headers: { ...headers } }) as unknown as IncomingMessage;
const post = (headers: Record<string, string>) =>
  refusal(request("POST", { host: "localhost:3000", "content-length": "20", ...headers }), publicOrigin);

describe("refusal", () => {
  it.each(["GET", "HEAD"])("lets a %s pass from anywhere", (method) => {
    expect(refusal(request(method, { origin: "https://evil.example" }), publicOrigin)).toBeNull();
  });

  it.each(["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", ""])(
    "refuses the method %j",
    (method) => {
      expect(refusal(request(method, {}), publicOrigin)).toBe(405);
    },
  );

  it.each<Record<string, string>>([
    { origin: publicOrigin },
    { origin: "http://localhost:3000" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    {}, // a program, not a browser: it carries nobody's cookies by accident
  ])("lets a POST pass with %j", (headers) => {
    expect(post(headers)).toBeNull();
  });

  it.each<Record<string, string>>([
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "" },
    { origin: "garbage" },
    { origin: "https://accounts.example.com.evil.example" },
    { origin: "https://accounts.example.com:444" },
    { origin: "http://accounts.example.com" },
    { origin: "http://localhost:3000/" },
    { origin: "http://localhost:3001" },
    { origin: "https://evil.example", "x-forwarded-host": "evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "garbage" },
  ])("refuses a POST with %j", (headers) => {
    expect(post(headers)).toBe(403);
  });
});

describe("refusal of bodies", () => {
  const length = (value: string | undefined) =>
    refusal(request("POST", value === undefined ? {} : { "content-length": value }), publicOrigin);

  it("takes half a megabyte", () => {
    expect(length(String(512 * 1024))).toBeNull();
  });

  it("refuses more, and a body that does not tell", () => {
    expect(length(String(512 * 1024 + 1))).toBe(413);
    expect(length(undefined)).toBe(411);
  });
});

describe("cleanHeaders", () => {
  it("drops what only our own server, a proxy or Next may say", () => {
    const forged = request("GET", {
      host: "localhost:3000",
      "x-forwarded-for": "1.2.3.4",
      "x-forwarded-host": "evil.example",
      forwarded: "for=1.2.3.4",
      "x-middleware-subrequest": "middleware",
      "x-latchkey-client-address": "1.2.3.4",
      "user-agent": "test",
    });
    cleanHeaders(forged, new URL("http://localhost:3000"));
    expect(forged.headers).toEqual({
      host: "localhost:3000",
      "user-agent": "test",
      "x-forwarded-proto": "http",
    });
  });

  it("gives a request from the public address its own host back behind a proxy that replaced it", () => {
    const proxied = request("POST", { host: "127.0.0.1:3000", origin: publicOrigin });
    cleanHeaders(proxied, new URL(publicOrigin));
    expect(proxied.headers.host).toBe("accounts.example.com");
  });
});
