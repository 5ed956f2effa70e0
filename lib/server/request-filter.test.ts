import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { cleanHeaders, refusal } from "./request-filter";

const publicOrigin = "https://accounts.example.com";
const FORM = "multipart/form-data; boundary=x";
const request = (method: string, headers: Record<string, string>, url = "/login") =>
  ({ method, url, headers: { ...headers } }) as unknown as IncomingMessage;
const post = (headers: Record<string, string>) =>
  refusal(
    request("POST", { host: "localhost:3000", "content-length": "20", "content-type": FORM, ...headers }),
    publicOrigin,
  );

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
    refusal(
      request("POST", { "content-type": FORM, ...(value !== undefined && { "content-length": value }) }),
      publicOrigin,
    );

  it("takes half a megabyte", () => {
    expect(length(String(512 * 1024))).toBeNull();
  });

  it("refuses more, and a body that does not tell", () => {
    expect(length(String(512 * 1024 + 1))).toBe(413);
    expect(length(undefined)).toBe(411);
  });

  const typed = (type: string | undefined, url: string) =>
    refusal(
      request("POST", { "content-length": "20", ...(type !== undefined && { "content-type": type }) }, url),
      publicOrigin,
    );

  it.each([
    [FORM, "/login"],
    ["multipart/form-data; boundary=----WebKitFormBoundaryAbC", "/"],
    ["Multipart/Form-Data;boundary=x", "/apis"],
    ["application/x-www-form-urlencoded", "/api/auth/callback/credentials"],
    ["application/x-www-form-urlencoded;charset=UTF-8", "/api/auth/callback/credentials"],
  ])("takes %s at %s", (type, url) => {
    expect(typed(type, url)).toBeNull();
  });

  it.each([
    [undefined, "/login"],
    ["", "/login"],
    ["text/plain;charset=UTF-8", "/login"],
    ["application/json", "/login"],
    ["application/x-www-form-urlencoded", "/login"],
    ["multipart/form-data", "/login"],
    ["multipart/form-data; boundary=", "/login"],
    ["multipart/mixed; boundary=x", "/login"],
    [undefined, "/api/auth/callback/credentials"],
    ["application/json", "/api/auth/callback/credentials"],
    ["text/plain", "/api/auth/callback/credentials"],
    ["application/x-www-form-urlencodedx", "/api/auth/callback/credentials"],
    [FORM, "/api/auth/callback/credentials"],
  ])("refuses %s at %s", (type, url) => {
    expect(typed(type, url)).toBe(415);
  });
});

describe("refusal of addresses", () => {
  it.each(["/_global-error", "/_global-error?x=1", "/x/../_global-error", "//localhost/_global-error"])(
    "knows no page at %s, which is Next's own and fails by design",
    (url) => {
      expect(refusal(request("GET", {}, url), publicOrigin)).toBe(404);
    },
  );

  it.each(["/", "/_global-errors", "/x/_global-error", "/?x=/_global-error", "/%C3%A9?x=%"])(
    "leaves %s to the pages",
    (url) => {
      expect(refusal(request("GET", {}, url), publicOrigin)).toBeNull();
    },
  );
});

describe("refusal of what is no address", () => {
  it.each(["x", "[", "%5B%5D", "[1]", "%", "{}", `["",${"[".repeat(5000)}`])(
    "cannot read the router's state %s",
    (state) => {
      expect(refusal(request("GET", { "next-router-state-tree": state }), publicOrigin)).toBe(400);
    },
  );

  it("reads the state that Next's script sends", () => {
    const state = encodeURIComponent('["",{"children":["login",{"children":["__PAGE__",{}]}]},null,null,16]');
    expect(refusal(request("GET", { "next-router-state-tree": state }), publicOrigin)).toBeNull();
  });

  it("takes no form by a way round", () => {
    for (const url of ["/api/../login", "/./login", "//localhost/login", "/x/%2e%2e/login"])
      expect(
        refusal(request("POST", { "content-length": "20", "content-type": FORM }, url), publicOrigin),
      ).toBe(400);
  });

  it.each(["/%", "/api/auth/signin/%", "/%ff", "/a/%C3/b", "//", "http://["])("cannot read %s", (url) => {
    expect(refusal(request("GET", {}, url), publicOrigin)).toBe(400);
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
      "x-action-forwarded": "1",
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
