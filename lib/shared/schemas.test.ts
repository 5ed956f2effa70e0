import { describe, expect, it } from "vitest";
import { invalid } from "./action-state";
import {
  forgotPasswordSchema,
  loginSchema,
  registerSchemaFor,
  resetPasswordSchemaFor,
  verifyCodeSchema,
} from "./schemas";

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
    "ada@exämple.com",
    "ada@example.com\r\nBcc: eve@example.com",
    "a@b.co\0",
    `${"a".repeat(65)}@example.com`,
    `ada@${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(63)}`,
    { toString: () => "ada@example.com" },
  ])("refuses the email %j", (email) => {
    expect(errorsOf({ ...good, email })).toHaveProperty("email");
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
  ])("takes a code written as %j", (code) => {
    expect(read(code).data?.code).toBe("123456");
  });

  it.each(["", " ", "-", "12345", "1234567", "12345a", "123.456", "１２３４５６"])("refuses %j", (code) => {
    expect(read(code).success).toBe(false);
  });
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
