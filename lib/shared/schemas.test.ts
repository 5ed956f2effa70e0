import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { invalid } from "./action-state";
import { canonical } from "./canonical";
import * as profileSchemas from "./profile-schemas";
import * as everySchema from "./schemas";
import {
  correctEmailSchema,
  forgotPasswordSchema,
  loginSchema,
  registerSchemaFor,
  resetPasswordSchemaFor,
  verifyCodeSchema,
} from "./schemas";
import * as twoFactorSchemas from "./two-factor-schemas";

const good = {
  username: "ada",
  email: "ada@example.com",
  password: "correct horse",
  confirmation: "correct horse",
};

/** The message at each refused field; empty when everything is accepted. */
function errorsOf(input: unknown, passwordMinLength = 8): Record<string, string> {
  const parsed = registerSchemaFor({ passwordMinLength, appName: "Latchkey" }).safeParse(input);
  if (parsed.success) return {};
  const state = invalid(parsed.error, new FormData());
  return state.status === "invalid" ? state.fieldErrors : {};
}

const withPassword = (password: string) => errorsOf({ ...good, password, confirmation: password });

describe("registerSchemaFor", () => {
  it.each(["ad", "Ada.Lovelace_1815-x", "a".repeat(20), "007", "...."])(
    "accepts the username %s",
    (username) => {
      expect(errorsOf({ ...good, username })).toEqual({});
    },
  );

  it.each([
    ["", /Choose/],
    ["a", /at least 2/],
    ["a".repeat(21), /at most 20/],
    ["ada lovelace", /only letters/],
    ["ädä", /only letters/],
    ["ada@home", /only letters/],
    ["ada\0", /only letters/],
    ["\u0430da", /only letters/],
    ["ａda", /only letters/],
    ["<b>", /only letters/],
    ["Admin", /reserved/],
    ["latchkey", /reserved/],
    ["Latch.Key", /reserved/],
    [undefined, /Choose/],
    [["ada", "bob"], /Choose/],
  ])("refuses the username %j", (username, message) => {
    expect(errorsOf({ ...good, username }).username).toMatch(message);
  });

  it.each([
    "ada@example.com",
    "a+b@x.co",
    "O'Neil@example.com",
    "ada@localhost",
    `${"a".repeat(64)}@example.com`,
  ])("accepts the email %s, as HTML's type=email does", (email) => {
    expect(errorsOf({ ...good, email })).toEqual({});
  });

  it.each([
    "",
    "ada",
    "ada@",
    "@example.com",
    "ada@@example.com",
    "ada@-x.com",
    "ada@x..com",
    "ada@exa mple.com",
    "ada@exämple..com",
    "ada@exämple.com:25",
    "ada@example.com\r\nBcc: eve@example.com",
    "a@b.co\0",
    `${"a".repeat(65)}@example.com`,
    `ada@${"ä".repeat(60)}.example`,
    `ada@${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(63)}`,
    { toString: () => "ada@example.com" },
  ])("refuses the email %j", (email) => {
    expect(errorsOf({ ...good, email })).toHaveProperty("email");
  });

  it.each([
    ["\u200bada@example.com\u2060", "ada@example.com"],
    ["ada\u00ad@exam\u200eple.com ", "ada@example.com"],
    [`${"\u200b".repeat(3000)}ada@example.com${" ".repeat(3000)}`, "ada@example.com"],
    ["ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"],
    ["Ada@Bücher.example", "Ada@Bücher.example"],
    ["Ada@Bu\u0308cher.example", "Ada@B\u00fccher.example"],
    ["ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"],
  ])("takes the email %j for %j", (email, kept) => {
    const schema = registerSchemaFor({ passwordMinLength: 8, appName: "Latchkey" });
    expect(schema.parse({ ...good, email, username: `\u202aada\u202c ` })).toMatchObject({
      email: kept,
      username: "ada",
    });
  });

  it.each(["ädä@example.com", "ada\u0131@bücher.example", "用户@例子.广告"])(
    "says of %s that only the part before the @ is wrong",
    (email) => {
      expect(errorsOf({ ...good, email }).email).toMatch(/before the @/);
    },
  );

  it.each([
    ["an address", { email: `ada@${"a.".repeat(130)}example` }, "Use an address of at most 254 characters."],
    [
      "a very long one",
      { email: `${"ä".repeat(100_000)}@x.co` },
      "Use an address of at most 254 characters.",
    ],
    ["a username", { username: "a".repeat(100_000) }, "Use at most 20 characters."],
  ])("says of %s that it is too long", (_, input, message) => {
    expect(Object.values(errorsOf({ ...good, ...input }))).toEqual([message]);
  });

  it.each([
    ["eight characters", "abcdefgh"],
    ["eight emoji", "🔑".repeat(8)],
    ["seventy-two bytes", "x".repeat(72)],
    ["thirty-six letters of two bytes", "ж".repeat(36)],
    ["spaces around and inside", "  two words  "],
    ["one letter, many times", "aaaaaaaaaaaaaaaaaaaa"],
  ])("accepts a password of %s", (_, password) => {
    expect(withPassword(password)).toEqual({});
  });

  it.each([
    ["nothing", "", /Choose/],
    ["seven characters", "abcdefg", /at least 8/],
    ["seven emoji", "🔑".repeat(7), /at least 8/],
    ["eight typed that compose to seven", "e\u0301bcdefg", /at least 8/],
    ["seventy-three bytes", "x".repeat(73), /at most 72 bytes/],
    ["thirty-seven letters of two bytes", "ж".repeat(37), /at most 72 bytes/],
    ["a NUL", "abcdefgh\0", /cannot be kept/],
    ["half a surrogate pair", "abcdefgh\ud800", /cannot be kept/],
    ["what a form puts in its place", "abcdefgh\ufffd", /cannot be kept/],
  ])("refuses a password of %s", (_, password, message) => {
    expect(withPassword(password).password).toMatch(message);
  });

  it("does not compose a password that is too long anyway: that takes the square of its length", () => {
    expect(withPassword("a\u0323\u0307".repeat(300_000)).password).toMatch(/at most 72 bytes/);
  });

  it.each([
    [15, "fourteen chars", "Use at least 15 characters."],
    [15, "🔑".repeat(14), "Use at least 15 characters."],
    [64, "x".repeat(63), "Use at least 64 characters."],
  ])("refuses a password shorter than the minimum of %i: %s", (minimum, password, message) => {
    expect(errorsOf({ ...good, password, confirmation: password }, minimum)).toEqual({ password: message });
  });

  it.each([
    [15, "fifteen letters"],
    [15, "🔑".repeat(15)],
    [64, "x".repeat(64)],
  ])("accepts a password as long as the minimum of %i: %s", (minimum, password) => {
    expect(errorsOf({ ...good, password, confirmation: password }, minimum)).toEqual({});
  });

  it("gives the same schema for the same rules, and no rules the schema of others", () => {
    const rules = { passwordMinLength: 15, appName: "Latchkey" };
    expect(registerSchemaFor({ ...rules })).toBe(registerSchemaFor(rules));
    expect(registerSchemaFor({ ...rules, passwordMinLength: 8 })).not.toBe(registerSchemaFor(rules));
    expect(registerSchemaFor({ ...rules, appName: "Acme" })).not.toBe(registerSchemaFor(rules));
  });

  it.each([
    ["Café Club", "cafe-club", true],
    ["Café Club", "latchkey", false],
    ["Ключ", "....", false],
  ])("where the site is called %s, reserves %s: %j", (appName, username, isReserved) => {
    const parsed = registerSchemaFor({ passwordMinLength: 8, appName }).safeParse({ ...good, username });
    expect(parsed.success).toBe(!isReserved);
  });

  it("changes nothing in a password", () => {
    const password = "  Ångström É  ";
    const schema = registerSchemaFor({ passwordMinLength: 8, appName: "Latchkey" });
    expect(schema.parse({ ...good, password, confirmation: password }).password).toBe(password);
  });

  it("refuses a confirmation that differs, and says so even while other fields are wrong", () => {
    expect(errorsOf({ ...good, username: "", confirmation: "correct hors" })).toMatchObject({
      username: "Choose a username.",
      confirmation: "The two passwords differ.",
    });
  });

  it("takes one text typed in two ways for one password", () => {
    expect(errorsOf({ ...good, password: "caf\u00e9 noir", confirmation: "cafe\u0301 noir" })).toEqual({});
  });

  it("keeps nothing but its own fields", () => {
    const parsed = registerSchemaFor({ passwordMinLength: 8, appName: "Latchkey" }).parse({
      ...good,
      id: "1",
      role: "admin",
      emailVerified: "2026-01-01",
    });
    expect(Object.keys(parsed).sort()).toEqual(["confirmation", "email", "password", "username"]);
  });
});

describe("loginSchema", () => {
  it("reads a ticked box as true and its absence as false", () => {
    const credentials = { email: "ada@example.com", password: "x" };
    expect(loginSchema.parse({ ...credentials, remember: "on" }).remember).toBe(true);
    expect(loginSchema.parse(credentials).remember).toBe(false);
    expect(loginSchema.parse({ ...credentials, remember: "" }).remember).toBe(false);
  });

  it("lets an over-long password through, to be refused like a wrong one", () => {
    expect(loginSchema.safeParse({ email: "ada@example.com", password: "x".repeat(100) }).success).toBe(true);
  });

  it.each([
    {},
    { email: "ada@example.com" },
    { email: "", password: "x" },
    { email: ["a@b.co"], password: {} },
  ])("refuses %j", (input) => {
    expect(loginSchema.safeParse(input).success).toBe(false);
  });
});

describe("forgotPasswordSchema", () => {
  it("accepts an address, and trims it", () => {
    expect(forgotPasswordSchema.parse({ email: " Ada@example.com " })).toEqual({ email: "Ada@example.com" });
  });

  it.each([
    "",
    "ada",
    "a@b.co\r\nBcc: x@evil.example",
    "a@b.co%0d%0aBcc:x@y.co",
    "a@b.co, c@d.co",
    undefined,
  ])("refuses %j", (email) => {
    expect(forgotPasswordSchema.safeParse({ email }).success).toBe(false);
  });
});

describe("correctEmailSchema", () => {
  const read = (account: string) =>
    correctEmailSchema.safeParse({ account, password: "x", email: "ada@example.com" });

  it.each([
    [" ada\u200b ", "ada"],
    ["ａｄａ", "ada"],
    ["ada@bücher.example", "ada@xn--bcher-kva.example"],
  ])("finds by %j the account %s", (account, name) => {
    expect(canonical(read(account).data?.account ?? "")).toBe(name);
  });

  it.each(["", "\u200b", "ada lovelace", "ädä", "a".repeat(300)])("refuses %j", (account) => {
    expect(read(account).success).toBe(false);
  });
});

describe("canonical", () => {
  it.each([
    "ada@bücher.example",
    "ADA@BÜCHER.EXAMPLE",
    "ada@bu\u0308cher.example",
    "ada@xn--bcher-kva.example",
    "Ada@XN--BCHER-KVA.Example",
    "ａｄａ＠ｂücher。example",
    "\u200bada@bücher\u2060.example\ufeff",
  ])("is one for all spellings of an address: %j", (spelling) => {
    expect(canonical(spelling)).toBe("ada@xn--bcher-kva.example");
  });

  it("keeps apart what is not the same", () => {
    const others = [
      "ada@bucher.example",
      "ada@buecher.example",
      "ada@bücher.example.com",
      "ida@bücher.example",
    ];
    for (const other of others) expect(canonical(other)).not.toBe(canonical("ada@bücher.example"));
    expect(canonical("ada@straße.example")).not.toBe(canonical("ada@strasse.example"));
  });
});

describe("verifyCodeSchema", () => {
  const read = (code: string) => verifyCodeSchema.safeParse({ email: "ada@example.com", code });

  it.each([
    "123456",
    " 123456 ",
    "123 456",
    "123-456",
    "12–34—56",
    "1 2 3 - 4 5 6",
    "123\u00a0456",
    "123\u2011456",
    "\u200e123\u200b456\ufeff",
    "１２３４５６",
    "١٢٣٤٥٦",
    "۱۲۳۴۵۶",
  ])("takes a code written as %j", (code) => {
    expect(read(code).data?.code).toBe("123456");
  });

  it.each(["", " ", "-", "12345", "1234567", "12345a", "123.456", "1".repeat(20), "१२३४५६"])(
    "refuses %j",
    (code) => {
      expect(read(code).success).toBe(false);
    },
  );
});

describe("resetPasswordSchemaFor", () => {
  const schema = resetPasswordSchemaFor(12);

  it("asks of a new password what registration asks", () => {
    const password = "correct horse";
    expect(schema.parse({ password, confirmation: password })).toEqual({ password, confirmation: password });
    expect(schema.safeParse({ password: "too short", confirmation: "too short" }).success).toBe(false);
  });

  it("refuses another confirmation", () => {
    const { error } = schema.safeParse({ password: "correct horse", confirmation: "correct house" });
    expect(error?.issues).toMatchObject([{ path: ["confirmation"], message: "The two passwords differ." }]);
  });
});

describe("every form", () => {
  /** As many marks in an order that composing has to mend: seconds of work for half a megabyte, as much as a form may bring. */
  const marks = "\u0315\u0300".repeat(100_000);
  const fields = Object.fromEntries(
    [
      "username",
      "displayName",
      "email",
      "account",
      "password",
      "currentPassword",
      "confirmation",
      "code",
    ].map((name) => [name, marks]),
  );
  const rules = { passwordMinLength: 8, appName: "Latchkey" };
  const schemas = Object.entries({
    ...everySchema,
    ...profileSchemas,
    ...twoFactorSchemas,
    register: registerSchemaFor(rules),
    resetPassword: resetPasswordSchemaFor(8),
    changePassword: everySchema.changePasswordSchemaFor(8),
    changeUsername: profileSchemas.changeUsernameSchemaFor("Latchkey"),
  }).flatMap(([name, value]): [string, z.ZodType][] => (value instanceof z.ZodType ? [[name, value]] : []));

  afterEach(() => vi.restoreAllMocks());

  it.each(schemas)("composes no text that is longer than it takes: %s", (_, schema) => {
    const composed = vi.spyOn(String.prototype, "normalize");
    for (const start of ["", "a", "a@"]) {
      const typed = Object.entries(fields).map(([name, text]) => [name, start + text]);
      schema.safeParse(Object.fromEntries(typed));
      for (const [name, text] of typed) schema.safeParse({ ...good, code: "123456", [name as string]: text });
    }
    expect(composed.mock.contexts.filter((text) => String(text).length > 1000)).toEqual([]);
  });
});
