import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import zxcvbnPasswords from "@zxcvbn-ts/language-common/src/passwords.json";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HASH_DIGITS, PREFIX_DIGITS, parseRange, RANGE_LINES } from "../../../shared/common-range";
import words from "../../../shared/common-words.json";
import { listKey } from "../../../shared/password-rules";
import { makeStrengthJudge } from "../../../shared/password-strength";
import { findWeakness } from "../password-policy";
import { isListed, rangeOf } from "./list";

const ada = { username: "ada", email: "countess@example.com" };

const hashOf = (password: string) =>
  createHash("sha256").update(listKey(password)).digest("hex").slice(0, HASH_DIGITS);

/** Whether the answers that a browser gets say that a password is listed. */
const isInItsRange = (password: string) =>
  rangeOf(hashOf(password).slice(0, PREFIX_DIGITS))
    ?.split("\n")
    .includes(hashOf(password).slice(PREFIX_DIGITS));

const EVERY_PREFIX = Array.from({ length: 16 ** PREFIX_DIGITS }, (_, value) =>
  value.toString(16).padStart(PREFIX_DIGITS, "0"),
);

describe("the list of common passwords", () => {
  it.each([
    "cristal1",
    "ichliebedi",
    "ss563563ss",
    "l1nk3d1n",
    "pendejo1",
    "lipgloss",
    "Cristal1",
    "LIPGLOSS",
    "********",
    "1q2w3e4r5t",
  ])("refuses %s", async (password) => {
    expect(await findWeakness(password, ada)).not.toBeNull();
  });

  it("refuses 99 in 100 of a list that it is not made from", async () => {
    const long = zxcvbnPasswords.filter((password) => password.length >= 8);
    const accepted: string[] = [];
    for (const password of long) if ((await findWeakness(password, ada)) === null) accepted.push(password);
    expect(long.length).toBeGreaterThan(17_000);
    expect(accepted.length, accepted.join(" ")).toBeLessThanOrEqual(long.length / 100);
  });

  it("refuses nothing that a password manager makes up, and no passphrase", async () => {
    const made = fc.string({
      unit: fc.constantFrom(..."abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"),
      minLength: 14,
      maxLength: 24,
    });
    const phrase = fc
      .array(
        fc.constantFrom("vessel", "quartz", "umbrella", "thirteen", "harbour", "maple", "copper", "night"),
        {
          minLength: 4,
          maxLength: 7,
        },
      )
      .map((chosen) => chosen.join(" "))
      .filter((text) => new Set(text.split(" ")).size > 2);
    await fc.assert(
      fc.asyncProperty(fc.oneof(made, phrase), async (password) => {
        expect(isListed(password)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it("is the edition that browsers ask for", () => {
    const bytes = readFileSync(new URL("./list.bin", import.meta.url));
    expect(words.list).toBe(createHash("sha256").update(bytes).digest("hex").slice(0, words.list.length));
  });

  it("is for the server alone", () => {
    expect(readFileSync(new URL("./list.ts", import.meta.url), "utf8")).toMatch(/^import "server-only";/);
  });
});

describe("rangeOf", () => {
  it("says of every password what the server says", () => {
    const listed = zxcvbnPasswords.filter((password) => password.length >= 8 && isListed(password));
    expect(listed.length).toBeGreaterThan(5_000);
    expect(listed.filter((password) => !isInItsRange(password))).toEqual([]);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 8, maxLength: 30 }), (password) => {
        expect(isInItsRange(password)).toBe(isListed(password));
      }),
    );
  });

  it("leaves a meter that goes by it nothing to praise that the server refuses", async () => {
    const judge = await makeStrengthJudge({ passwordMinLength: 8, appName: "Latchkey" });
    const piece = fc.oneof(
      fc.constantFrom(...zxcvbnPasswords),
      fc.constantFrom("1", "!", " ", "-", "2026", "ada"),
    );
    const typed = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 8, maxLength: 24 }),
      fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => pieces.join("")),
    );
    await fc.assert(
      fc.asyncProperty(typed, async (password) => {
        if (judge(password, ada).level === 0 || isInItsRange(password)) return;
        expect(await findWeakness(password, ada)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it("has one length for every beginning, and dozens of hashes do not tell which one is meant", () => {
    const line = HASH_DIGITS - PREFIX_DIGITS;
    for (const prefix of EVERY_PREFIX) {
      const lines = rangeOf(prefix)?.split("\n") ?? [];
      expect(lines.pop()).toBe("");
      expect(lines).toHaveLength(RANGE_LINES);
      expect(lines.filter((text) => text.length !== line)).toEqual([]);
      expect(parseRange(lines.map((text) => `${text}\n`).join(""))).toEqual(lines);
      expect(lines.filter((text) => /^[0-9a-f]+$/.test(text)).length).toBeGreaterThan(60);
    }
  });

  it("is the same each time", () => {
    expect(rangeOf("a1f")).toBe(rangeOf("a1f"));
  });

  it.each(["", "a", "a1", "a1f0", "A1F", "g00", "../", "a1f\n", " a1", "%00"])(
    "knows no range %j",
    (prefix) => {
      expect(rangeOf(prefix)).toBeNull();
    },
  );
});
