import { randomBytes } from "node:crypto";
import { expect, it, vi } from "vitest";

vi.hoisted(() => {
  process.env.AUTH_SECRET = "a secret for tests of 32 characters or more";
});

import { seal, unseal } from "./seal";

const EMAIL = "Choose a new password: https://example.com/?token=… ünï ✓";

it("opens what was sealed, in the row it was sealed for", () => {
  expect(unseal("one", seal("one", EMAIL))).toBe(EMAIL);
});

it("refuses it in another row", () => {
  expect(() => unseal("two", seal("one", EMAIL))).toThrow();
});

it("opens with the key it was sealed with alone", () => {
  const [key, other] = [randomBytes(32), randomBytes(32)];
  const sealed = seal("one", EMAIL, key);
  expect(unseal("one", sealed, [key])).toBe(EMAIL);
  for (const wrong of [[other], undefined]) expect(() => unseal("one", sealed, wrong)).toThrow();
});

it("shows nothing of what is in it, and looks different every time", () => {
  const sealed = seal("one", EMAIL);
  expect(Buffer.from(sealed, "base64url").toString("latin1")).not.toMatch(/password|https|token/);
  expect(seal("one", EMAIL)).not.toBe(sealed);
});

it.each([0, 15, 40])("refuses it with another bit at byte %i", (place) => {
  const bytes = Buffer.from(seal("one", EMAIL), "base64url");
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  expect(() => unseal("one", bytes.toString("base64url"))).toThrow();
});

it.each(["", "A", "A".repeat(16), "A".repeat(38)])("refuses %j", (sealed) => {
  expect(() => unseal("one", sealed)).toThrow();
});
