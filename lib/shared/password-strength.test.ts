import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { commonWords } from "./common-words";
import { findLocalWeakness } from "./password-rules";
import { makeStrengthJudge, type StrengthJudge } from "./password-strength";
import { newPasswordSchemaFor } from "./schemas";

const appName = "Latchkey";
const ada = { username: "ada.lovelace", email: "countess@example.com" };

let judge: StrengthJudge;
beforeAll(async () => {
  judge = await makeStrengthJudge({ passwordMinLength: 8, appName });
});

describe("makeStrengthJudge", () => {
  it.each([
    ["a password too short", "sesame7", "Too short", null],
    ["seven emoji", "🔑".repeat(7), "Too short", null],
    ["73 bytes", "x".repeat(73), "Not accepted", /at most 72 bytes/],
    ["a NUL", "blue kettle\0", "Not accepted", /cannot be kept/],
    ["a common password", "sunshine", "Not accepted", /among the most common/],
    ["a common one with a year", "Dragon2026!", "Not accepted", /common one with small changes/],
    ["the username", "Ada-Lovelace", "Not accepted", /your username/],
    ["the email", "countess1!", "Not accepted", /your email/],
    ["the name of the site", "Latchkey2026!", "Not accepted", /name of this site/],
  ])("fills nothing for %s", (_, password, label, advice) => {
    const strength = judge(password, ada);
    expect(strength).toMatchObject({ level: 0, label });
    if (advice) expect(strength.advice).toMatch(advice);
    else expect(strength.advice).toBeNull();
  });

  it.each([
    ["aaaaaaaaaaaaaaaaaaaa", "Very weak", 1],
    ["2031-11-22x", "Weak", 1],
    ["kitten tree", "Fair", 2],
    ["horse-rainbow", "Good", 3],
    ["correct horse battery staple", "Strong", 4],
  ])("calls %s %s", (password, label, level) => {
    expect(judge(password, ada)).toMatchObject({ label, level });
  });

  it("says what would help until a password is good", () => {
    expect(judge("aaaaaaaaaaaaaaaaaaaa", ada).advice).toContain("Repeated characters");
    expect(judge("kitten tree", ada).advice).toContain("Add more words");
    expect(judge("correct horse battery staple", ada).advice).toBeNull();
  });

  it("thinks less of a password made of what is known of its owner", () => {
    const password = "zanzibar quokka";
    const own = judge(password, { username: "quokka", email: "zanzibar@example.com" });
    expect(own.level).toBeLessThan(judge(password, ada).level);
  });

  it("goes by the configured minimum", async () => {
    const strict = await makeStrengthJudge({ passwordMinLength: 15, appName });
    expect(strict("blue kettle 42", ada)).toMatchObject({ level: 0, label: "Too short" });
    expect(strict("blue kettle 42!", ada).level).toBeGreaterThan(0);
  });

  it("fills nothing exactly where the server refuses, whatever is typed", async () => {
    const common = await commonWords();
    const schema = newPasswordSchemaFor(8);
    const piece = fc.constantFrom(
      "password",
      "latchkey",
      "ada",
      "countess",
      "2026",
      "!",
      " ",
      "🔑",
      "kettle",
      "x",
      "\0",
    );
    const typed = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.array(piece).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(typed, (password) => {
        const isRefused =
          !schema.safeParse(password).success ||
          findLocalWeakness(password, { ...ada, appName }, common) !== null;
        expect(judge(password, ada).level === 0).toBe(isRefused);
      }),
    );
  });
});
