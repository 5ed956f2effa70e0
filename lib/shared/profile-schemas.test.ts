import { describe, expect, it } from "vitest";
import { changeUsernameSchemaFor, displayNameSchema } from "./profile-schemas";
import { registerSchemaFor } from "./schemas";

/** What registration says first of such a username. */
const atRegistration = (username: unknown) =>
  registerSchemaFor({ passwordMinLength: 8, appName: "Latchkey" })
    .safeParse({ username })
    .error?.issues.find(({ path }) => path[0] === "username")?.message;

describe("changeUsernameSchemaFor", () => {
  it("has the rules of registration, and drops every other field", () => {
    const schema = changeUsernameSchemaFor("Latchkey");
    const parsed = schema.safeParse({ username: " Ada\u200b ", id: "x", name: "x" });
    expect(parsed.data).toEqual({ username: "Ada" });
    for (const username of ["a", "a".repeat(21), "ada lovelace", "Latch.Key", "admin", undefined, ["ada"]])
      expect(schema.safeParse({ username }).error?.issues[0]?.message).toBe(atRegistration(username));
  });
});

describe("displayNameSchema", () => {
  const named = (displayName: unknown) => displayNameSchema.safeParse({ displayName }).data?.displayName;

  it.each([
    ["Ada Lovelace", "Ada Lovelace"],
    ["  Ada \t\r\n  Lovelace  ", "Ada Lovelace"],
    ["Ada\u3000\u00a0Lovelace", "Ada Lovelace"],
    ["\u202eecalevoL\u2066 Ada\u200f", "ecalevoL Ada"],
    ["Ａｄａ", "Ada"],
    ["A\u0308da", "Äda"],
    ["李小龙", "李小龙"],
    ["أدا", "أدا"],
    ["\u{1F511}", "\u{1F511}"],
    ["https://evil.example", "https://evil.example"],
    ["\u{1F511}".repeat(50), "\u{1F511}".repeat(50)],
    ["", ""],
    [" \u200b\u00ad ", ""],
  ])("keeps %j as %j", (typed, kept) => {
    expect(named(typed)).toBe(kept);
    expect(named(kept)).toBe(kept);
  });

  it.each([
    "a".repeat(51),
    "\u{1F511}".repeat(51),
    "a".repeat(100_000),
    "Ada\0",
    "Ada\u0007",
    "Ada\u0085Lovelace",
    "\ud800",
    "Ada\ufffd",
    "Ada\uffff",
    undefined,
    ["Ada"],
  ])("refuses %j", (typed) => {
    expect(named(typed)).toBeUndefined();
  });
});
