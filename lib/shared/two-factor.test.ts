import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupedBy4, plainRecoveryCode, RECOVERY_ALPHABET, RECOVERY_CODE_LENGTH } from "./two-factor";
import { anyCodeFieldSchema, codeFieldSchema, recoveryCodeFieldSchema } from "./two-factor-schemas";

const codes = fc
  .array(fc.constantFrom(...RECOVERY_ALPHABET), {
    minLength: RECOVERY_CODE_LENGTH,
    maxLength: RECOVERY_CODE_LENGTH,
  })
  .map((letters) => letters.join(""));

/** What people make of a code when they write it down and type it off. */
const HANDS: ((code: string) => string)[] = [
  groupedBy4,
  (code) => code.toLowerCase(),
  (code) => ` ${code.match(/.{1,3}/g)?.join("  ")}\n`,
  (code) => code.replaceAll("0", "o").replaceAll("1", "l"),
  (code) => code.replaceAll("0", "O").replaceAll("1", "I"),
  (code) => groupedBy4(code).replaceAll("-", "–"),
  (code) => `\u200b${code}\u00ad`,
];

describe("plainRecoveryCode", () => {
  it("is the code, however it was written", () => {
    fc.assert(
      fc.property(codes, fc.constantFrom(...HANDS), (code, write) => {
        expect(plainRecoveryCode(write(code))).toBe(code);
        expect(recoveryCodeFieldSchema.parse({ recoveryCode: write(code) })).toEqual({ recoveryCode: code });
      }),
    );
  });

  it("makes no code of another", () => {
    fc.assert(
      fc.property(codes, codes, (one, other) => {
        fc.pre(one !== other);
        expect(plainRecoveryCode(groupedBy4(one))).not.toBe(other);
      }),
    );
  });
});

describe("the fields of a second factor", () => {
  it.each([
    "",
    "   ",
    "abc",
    "A".repeat(23),
    "A".repeat(25),
    "U".repeat(24),
    `${"A".repeat(24)}\0`,
    "ﷺ".repeat(90),
  ])("refuse %j as a recovery code, with a sentence", (recoveryCode) => {
    expect(recoveryCodeFieldSchema.safeParse({ recoveryCode }).error?.issues[0]?.message).toMatch(/\.$/);
  });

  it.each(["", "12345", "1234567", "12345x", "Ⅻ2345"])("refuse %j as a code, with a sentence", (code) => {
    expect(codeFieldSchema.safeParse({ code }).error?.issues[0]?.message).toMatch(/\.$/);
  });

  it.each(["123456", "123 456", " 12-34-56 ", "١٢٣٤٥٦"])("take %j as a code", (code) => {
    expect(codeFieldSchema.parse({ code })).toEqual({ code: "123456" });
  });

  it("take a recovery code where a code is asked for, and nothing else there that is no code", () => {
    fc.assert(
      fc.property(codes, fc.constantFrom(...HANDS), (code, write) => {
        expect(anyCodeFieldSchema.parse({ code: write(code) })).toEqual({ code });
      }),
    );
    expect(anyCodeFieldSchema.parse({ code: "١٢٣-٤٥٦" })).toEqual({ code: "123456" });
    for (const code of ["", "12345", "1".repeat(7), "A".repeat(23), "A".repeat(97), "U".repeat(24)])
      expect(anyCodeFieldSchema.safeParse({ code }).success, code).toBe(false);
  });

  it.each([undefined, 7, ["123456"], new File([], "x")])("refuse what is no text: %j", (value) => {
    expect(codeFieldSchema.safeParse({ code: value }).success).toBe(false);
    expect(recoveryCodeFieldSchema.safeParse({ recoveryCode: value }).success).toBe(false);
  });
});
