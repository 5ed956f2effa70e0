import { describe, expect, it } from "vitest";
import { isPrivatePath, loginPathFor, returnPath, sessionEndedPathFor } from "./routes";

describe("returnPath", () => {
  it.each([
    ["/", "/"],
    ["/account", "/account"],
    ["/account?tab=a&x=%2F%2Fevil.example", "/account?tab=a&x=%2F%2Fevil.example"],
    ["/account/sessions#third", "/account/sessions#third"],
    ["/a/../account", "/account"],
    ["/caf%C3%A9", "/caf%C3%A9"],
    ["/logins", "/logins"],
    ["/account/picture", "/account"],
    ["/account/picture/0123.webp", "/account"],
    ["/account/re-authenticate?callbackUrl=%2Faccount%2Fdata%3Fx", "/account/data?x"],
    ["/login?callbackUrl=%2Faccount%2Fdata", "/account/data"],
  ])("keeps %j, a path on this site", (value, path) => {
    expect(returnPath(value)).toBe(path);
  });

  it.each([
    ["a proof that leads to another host", "/account/re-authenticate?callbackUrl=https://evil.example"],
    [
      "a proof that leads to a host without a scheme",
      "/account/re-authenticate?callbackUrl=%2F%2Fevil.example",
    ],
    ["a proof that leads nowhere", "/account/re-authenticate"],
    ["a file", "/account/data/file"],
    ["another host", "https://evil.example/account"],
    ["another scheme", "ftp://evil.example"],
    ["a host without a scheme", "//evil.example"],
    ["three slashes", "///evil.example"],
    ["a backslash for a slash", "/\\evil.example"],
    ["two backslashes", "\\\\evil.example"],
    ["a backslash further on", "/account\\..\\x"],
    ["a script", "javascript:alert(1)"],
    ["a script behind a newline", "java\nscript:alert(1)"],
    ["data", "data:text/html,<script>alert(1)</script>"],
    ["a tab browsers drop", "/\t/evil.example"],
    ["a newline browsers drop", "/\n/evil.example"],
    ["a NUL", "/account\0"],
    ["a C1 control", "/account\u0085"],
    ["a leading space", " /account"],
    ["dots that leave two slashes", "/account/..//evil.example"],
    ["encoded dots that leave two slashes", "/account/%2e%2e//evil.example"],
    ["dots that climb to two slashes", "/./..//evil.example"],
    ["credentials", "//user@evil.example"],
    ["a relative path", "account"],
    ["a question mark alone", "?callbackUrl=/account"],
    ["nothing", ""],
    ["garbage", "http://["],
    ["half a surrogate pair", "/account\ud800"],
    ["eight kilobytes", `/${"a".repeat(8192)}`],
    ["the login page, which would ask again", "/login"],
    ["a login page that leads to another host", "/login?callbackUrl=%2F%2Fevil.example"],
    ["a login page within another that leads nowhere", "/login?callbackUrl=%2Flogin"],
    ["the register page", "/register"],
    ["the page that asks for an email", "/forgot-password"],
    ["the page of a mailed link", "/reset-password?token=x"],
    ["the page that changes an address", "/change-email"],
    ["the page that takes an address back", "/restore-email"],
    ["a route that is no page", "/api/auth/session"],
    ["a list", ["/account", "//evil.example"]],
    ["an object", { toString: (): string => "//evil.example" }],
    ["no value", undefined],
    ["null", null],
  ])("falls back to home for %s", (_, value) => {
    expect(returnPath(value)).toBe("/");
  });

  it("does not decode: an encoded slash stays part of the path, on this site", () => {
    for (const value of [
      "/%2F%2Fevil.example",
      "/%252F%252Fevil.example",
      "/%5Cevil.example",
      "/%09/evil.example",
    ])
      expect(new URL(returnPath(value), "http://localhost:3000").host).toBe("localhost:3000");
  });
});

describe("isPrivatePath", () => {
  it.each(["/account", "/account/", "/account/sessions"])("guards %s", (path) => {
    expect(isPrivatePath(path)).toBe(true);
  });

  it.each(["/", "/accounts", "/login", "/accountant/x"])("leaves %s open", (path) => {
    expect(isPrivatePath(path)).toBe(false);
  });
});

describe("loginPathFor", () => {
  it("keeps path and query whole", () => {
    const url = new URL(loginPathFor("/account?a=1&b=2"), "http://localhost");
    expect(url.pathname).toBe("/login");
    expect(url.searchParams.get("callbackUrl")).toBe("/account?a=1&b=2");
  });
});

describe("a path that is too long to come back to", () => {
  const long = ["/account?q=".concat("%20".repeat(3500)), `/account?q=${"a".repeat(5000)}`];

  it.each(long)("is left out of the login's address and of the dead session's: home follows", (path) => {
    expect(loginPathFor(path)).toBe("/login");
    expect(sessionEndedPathFor(path)).toBe("/session-ended");
  });

  it("is one whose query would be longer than 2,048 characters once encoded", () => {
    const pathOf = (length: number) => `/${"a".repeat(length - "callbackUrl=%2F".length)}`;
    expect(loginPathFor(pathOf(2048))).toContain("callbackUrl=%2Faaa");
    expect(loginPathFor(pathOf(2049))).toBe("/login");
  });
});
