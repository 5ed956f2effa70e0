import { beforeAll, describe, expect, it, vi } from "vitest";
import { newToken } from "../platform/crypto/token";
import { browserTokenIn, signBrowserToken, signedBrowserToken } from "./browser-cookie";

const FORMER = "the former secret, by which it was signed";

beforeAll(() => {
  process.env.AUTH_SECRET = "0123456789abcdef0123456789abcdef";
  process.env.AUTH_SECRET_PREVIOUS = FORMER;
});

describe("the known-browser cookie", () => {
  it("holds its token and a signature, and nothing else", () => {
    const token = newToken();
    expect(signBrowserToken(token)).toMatch(/^[\w-]{43}\.[\w-]{22}$/);
    expect(browserTokenIn(signBrowserToken(token))).toBe(token);
    expect(signedBrowserToken(signBrowserToken(token))).toBe(token);
  });

  it.each([
    ["nothing", ""],
    ["a token without a signature", newToken()],
    ["a token with an empty signature", `${newToken()}.`],
    ["a made-up signature", `${newToken()}.${"A".repeat(22)}`],
    ["more dots than one", "a.b.c"],
  ])("is not ours with %s", (_, cookie) => {
    expect(signedBrowserToken(cookie)).toBeNull();
  });

  it("is ours with a signature from before AUTH_SECRET changed, and with no other secret's", async () => {
    for (const [secret, isOurs] of [
      [FORMER, true],
      ["a secret of another installation, nearby", false],
    ] as const) {
      vi.resetModules();
      vi.stubEnv("AUTH_SECRET", secret);
      const before = await import("./browser-cookie");
      const token = newToken();
      const cookie = before.signBrowserToken(token);
      vi.unstubAllEnvs();
      expect(signedBrowserToken(cookie)).toBe(isOurs ? token : null);
    }
  });

  it("is not ours with another token's signature", () => {
    const [, signature] = signBrowserToken(newToken()).split(".");
    expect(signedBrowserToken(`${newToken()}.${signature}`)).toBeNull();
  });

  it("is not ours with anything after the signature, or one token would count as many browsers", () => {
    expect(signedBrowserToken(`${signBrowserToken(newToken())}.1`)).toBeNull();
    expect(signedBrowserToken(`${signBrowserToken(newToken())}x`)).toBeNull();
  });

  it("has no token where there is no cookie, or an empty one", () => {
    expect(browserTokenIn(undefined)).toBeNull();
    expect(browserTokenIn("")).toBeNull();
    expect(browserTokenIn(".x")).toBeNull();
  });
});
