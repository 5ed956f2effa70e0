import { beforeAll, describe, expect, it } from "vitest";
import { newToken } from "../platform/crypto/token";
import { browserTokenIn, isSignedHere, signBrowserToken } from "./browser-cookie";

beforeAll(() => {
  process.env.AUTH_SECRET = "0123456789abcdef0123456789abcdef";
});

describe("the known-browser cookie", () => {
  it("holds its token, signed", () => {
    const token = newToken();
    expect(browserTokenIn(signBrowserToken(token))).toBe(token);
    expect(isSignedHere(signBrowserToken(token))).toBe(true);
  });

  it.each([
    ["nothing", ""],
    ["a token without a signature", newToken()],
    ["a token with an empty signature", `${newToken()}.`],
    ["a made-up signature", `${newToken()}.${"A".repeat(22)}`],
    ["more dots than one", "a.b.c"],
  ])("is not ours with %s", (_, cookie) => {
    expect(isSignedHere(cookie)).toBe(false);
  });

  it("is not ours with another token's signature", () => {
    const [, signature] = signBrowserToken(newToken()).split(".");
    expect(isSignedHere(`${newToken()}.${signature}`)).toBe(false);
  });

  it("has no token where there is no cookie, or an empty one", () => {
    expect(browserTokenIn(undefined)).toBeNull();
    expect(browserTokenIn("")).toBeNull();
    expect(browserTokenIn(".x")).toBeNull();
  });
});
