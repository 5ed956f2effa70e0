import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { commonWords } from "./common-words";
import { type CommonWords, findLocalWeakness, listKey } from "./password-rules";

const ada = { username: "Ada.Lovelace", email: "mrs.byron+news@example.com" };

let common: CommonWords;
beforeAll(async () => {
  common = await commonWords();
});

const kindOf = (password: string, context = ada, appName = "Latchkey") =>
  findLocalWeakness(password, { ...context, appName }, common)?.kind ?? null;

describe("findLocalWeakness", () => {
  it.each([
    ["as it is", "sunshine"],
    ["in capitals", "SUNSHINE"],
    ["in mixed case", "sUnShInE"],
    ["with look-alikes", "$un5h1ne"],
    ["with an accent", "sünshine"],
    ["in full width", "ｓｕｎｓｈｉｎｅ"],
    ["of digits", "123456789"],
    ["of keys in a row", "1qaz2wsx"],
  ])("refuses a common password %s", (_, password) => {
    expect(kindOf(password)).toBe("common");
  });

  it.each([
    ["a digit after it", "sunshine1!"],
    ["a year and a sign after it", "Sunshine2026!"],
    ["digits before it", "007sunshine"],
    ["signs around it", "!!sunshine!!"],
    ["spaces around it", "   sunshine  "],
    ["spaces inside", "s u n s h i n e"],
    ["its letters backwards", "enihsnus"],
    ["backwards with a year", "enihsnus1999"],
    ["backwards, twice", "yeknomyeknom"],
    ["itself again", "sunshinesunshine"],
    ["itself again after a dash", "sunshine-sunshine"],
    ["itself three times", "monkeymonkeymonkey"],
    ["a short one with a year", "dragon2026!"],
    ["a short one with look-alikes and a year", "dr4g0n2026"],
    ["signs around digits", "12345678!!"],
    ["as many digits as letters", "sunshine83640172"],
  ])("refuses a common password with %s", (_, password) => {
    expect(kindOf(password)).toBe("nearly-common");
  });

  it.each([
    ["as it is", "Ada.Lovelace"],
    ["in another case", "ADA.LOVELACE"],
    ["with other separators", "ada_lovelace"],
    ["without any", "adalovelace"],
    ["with a year", "ada.lovelace1815"],
    ["with look-alikes", "@d4.l0v3l4c3"],
    ["backwards", "ecalevol.ada"],
    ["twice", "Ada.LovelaceAda.Lovelace"],
    ["with a few words to it", "my ada.lovelace"],
  ])("refuses the username %s", (_, password) => {
    expect(kindOf(password)).toBe("username");
  });

  it.each([
    ["whole", "mrs.byron+news@example.com"],
    ["whole, in capitals", "MRS.BYRON+NEWS@EXAMPLE.COM"],
    ["its part before the @", "mrs.byron+news"],
    ["that part without its tag", "mrs.byron"],
    ["with digits around", "12mrs-byron99"],
    ["with look-alikes", "Mr5.Byr0n"],
    ["backwards", "noryb.srm"],
    ["with a few letters to it", "themrsbyron"],
  ])("refuses the email %s", (_, password) => {
    expect(kindOf(password)).toBe("email");
  });

  it.each([
    "latchkey",
    "Latchkey2026!",
    "L@tchk3y",
    "yekhctal",
    "latchkeylatchkey",
    "my latchkey",
    "l-a-t-c-h-k-e-y",
  ])("refuses %s, which is the name of this site", (password) => {
    expect(kindOf(password)).toBe("product");
  });

  it.each([
    ["Acme Tools", "acmetools2026"],
    ["Ключ от дома", "ключотдома"],
    ["Café", "CAFE????"],
  ])("goes by the name the site has: %s", (appName, password) => {
    expect(kindOf(password, ada, appName)).toBe("product");
    expect(kindOf(password)).not.toBe("product");
    expect(kindOf("my latchkey", ada, appName)).toBeNull();
  });

  it("refuses a short name with little around it", () => {
    const context = { username: "ada", email: "al@example.com" };
    expect(kindOf("ada12345", context)).toBe("username");
    expect(kindOf("adaadaada", context)).toBe("username");
    expect(kindOf("al??????", context)).toBe("email");
  });

  it.each([
    ["with its year first", "19870423"],
    ["with its day first", "23041987"],
    ["with its month first", "04231987"],
    ["the first of all", "19000101"],
    ["the last of all", "31122099"],
    ["a leap day", "29022024"],
    ["with dashes", "1987-04-23"],
    ["with signs", "23.04.1987!"],
    ["in full width", "１９８７０４２３"],
  ])("refuses a date %s", (_, password) => {
    expect(kindOf(password)).toBe("date");
  });

  it.each(["18991231", "21000101", "30021987", "29022023", "13131987", "00011987", "19870423x", "198704231"])(
    "takes %s for no date",
    (password) => {
      expect(kindOf(password)).not.toBe("date");
    },
  );

  it("says in a sentence what is wrong and what to do", () => {
    const messageOf = (password: string) =>
      findLocalWeakness(password, { ...ada, appName: "Latchkey" }, common)?.message;
    expect(messageOf("sunshine")).toBe(
      "That password is among the most common ones. Please choose a different one.",
    );
    expect(messageOf("sunshine1!")).toContain("a common one with small changes");
    expect(messageOf("19870423")).toContain("is a date");
    expect(messageOf("adalovelace")).toContain("your username");
    expect(messageOf("mrsbyron99")).toContain("your email address");
    expect(messageOf("latchkey99")).toContain("the name of this site");
  });

  it.each([
    ["twenty lower-case letters", "jfkdlwmcnvhgtyeiqpzs"],
    ["one letter twenty times", "aaaaaaaaaaaaaaaaaaaa"],
    ["words in a row", "correct horse battery staple"],
    ["words one of which is common", "sunshine over the harbour"],
    ["spaces around words", "  blue kettle  "],
    ["emoji", "🔑🚪🏠🌙🔑🚪🏠🌟"],
    ["Cyrillic", "сезам, откройся"],
    ["Chinese", "芝麻開門吧我的朋友"],
    ["eight digits", "48291734"],
    ["a common word that digits outweigh", "7391046maggie5520138"],
    ["a common word that signs outweigh", "=m!a?g-g*i#e&/%"],
    ["a common word within letters", "xxpassword99zz"],
    ["a username within a longer text", "tea with ada.lovelace at half past four"],
    ["the site's name within a longer text", "where did I leave my latchkey"],
    ["72 bytes", "x".repeat(72)],
    ["what a password manager makes up", "tG7#vQ2!mZ9&"],
  ])("accepts %s", (_, password) => {
    expect(kindOf(password)).toBeNull();
  });

  it("accepts what only looks like a part of a short name", () => {
    expect(kindOf("bandanas", { username: "an", email: "da@example.com" })).toBeNull();
    expect(kindOf("adamant cadaver", { username: "ada", email: "ad@example.com" })).toBeNull();
  });

  it("ignores names that are not there yet", () => {
    expect(kindOf("blue kettle", { username: "", email: "" })).toBeNull();
    expect(kindOf("🔑🚪🏠🌙🔑🚪🏠🌟", { username: "...", email: "@" })).toBeNull();
    expect(kindOf("blue kettle", { username: "", email: "no address" })).toBeNull();
  });

  it("leaves alone what is too long anyway, before looking at it", () => {
    expect(kindOf("ﷺ".repeat(200_000))).toBeNull();
  });

  it("refuses any common password and name with any trimmings of six characters", () => {
    const trimming = fc.string({ unit: fc.constantFrom(..."0123456789!?.,-_ #*&%"), maxLength: 3 });
    const word = fc.constantFrom("password", "dragon", "latchkey", "mrs.byron", "Ada.Lovelace");
    fc.assert(
      fc.property(trimming, word, trimming, (before, name, after) => {
        expect(kindOf(before + name + after)).not.toBeNull();
      }),
    );
  });

  it("answers for any text, and the same in upper and in lower case of ASCII", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 72 }),
      fc.string({ unit: "binary", maxLength: 72 }),
      fc.string({ unit: fc.constantFrom(..."aA1!l.-"), maxLength: 72 }),
    );
    fc.assert(
      fc.property(text, text, text, (password, username, email) => {
        const lower = password.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        expect(kindOf(password, { username, email })).toBe(kindOf(lower, { username, email }));
      }),
    );
  });
});

describe("listKey", () => {
  it.each([
    ["case", "Cristal1", "cRISTAL1"],
    ["look-alikes", "l1nk3d1n", "Linkedin"],
    ["accents, composed and not", "s\u00fcnsh\u00efne", "su\u0308nshi\u0308ne"],
    ["width", "ｓｕｎｓｈｉｎｅ", "sunshine"],
  ])("is one for passwords that differ in %s", (_, one, other) => {
    expect(listKey(one)).toBe(listKey(other));
  });

  it("keeps what folding would lose", () => {
    expect(listKey("********")).toBe("********");
    expect(listKey("Blue Kettle")).toBe("blue kettle");
    expect(listKey("blue kettle")).not.toBe(listKey("bluekettle"));
  });
});
