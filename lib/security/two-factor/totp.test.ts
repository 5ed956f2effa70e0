import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf, keyUri, newSecret, stepAt, stepsOf } from "./totp";

/** The secret of the RFC's examples, "12345678901234567890". */
const RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

const secrets = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => Array.from(bytes, (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]).join(""));
/** In milliseconds: until the year 2100. */
const moments = fc.integer({ min: 0, max: 4_102_444_800_000 });

describe("codeOf", () => {
  // RFC 6238, appendix B, SHA-1: the last six of eight digits.
  it.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
    [20_000_000_000, "353130"],
  ])("has the code of RFC 6238 at second %i", (second, code) => {
    expect(codeOf(RFC_SECRET, stepAt(second * 1000))).toBe(code);
  });
});

describe("stepsOf", () => {
  it("finds a code of the step before, of this one and of the next, at any moment", () => {
    fc.assert(
      fc.property(secrets, moments, fc.constantFrom(-1, 0, 1), (secret, now, distance) => {
        const step = stepAt(now) + distance;
        fc.pre(step >= 0);
        expect(stepsOf(secret, codeOf(secret, step), now)).toContain(step);
      }),
    );
  });

  it("finds no code of a step further away, unless it is one of these by chance", () => {
    fc.assert(
      fc.property(secrets, moments, fc.constantFrom(-3, -2, 2, 3), (secret, now, distance) => {
        const step = stepAt(now) + distance;
        fc.pre(step >= 0 && stepAt(now) > 0);
        const code = codeOf(secret, step);
        for (const found of stepsOf(secret, code, now)) expect(codeOf(secret, found)).toBe(code);
        expect(stepsOf(secret, code, now)).not.toContain(step);
      }),
    );
  });

  it("finds nothing for what is no code", () => {
    for (const typed of ["", "12345", "1234567", "12345a", "２８７０８２"])
      expect(stepsOf(RFC_SECRET, typed, 59_000)).toEqual([]);
  });
});

describe("newSecret", () => {
  it("has 160 bits in base32, another one each time", () => {
    const made = Array.from({ length: 1000 }, newSecret);
    for (const secret of made) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new Set(made).size).toBe(made.length);
  });
});

describe("keyUri", () => {
  it("names the site and the account, whatever they are called", () => {
    const uri = new URL(keyUri(RFC_SECRET, { issuer: "Ada: & Söhne?", label: "a+b@bücher.example" }));
    expect(uri.protocol).toBe("otpauth:");
    expect(decodeURIComponent(uri.pathname)).toContain("a+b@bücher.example");
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: "Ada: & Söhne?",
      secret: RFC_SECRET,
      algorithm: "SHA1",
      digits: "6",
      period: "30",
    });
  });
});
