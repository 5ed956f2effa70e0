import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linkPurposes } from "../shared/links";
import { findLinkToken } from "./link-tokens";
import { findSession, removeExpiredSession } from "./sessions";

const base64url = fc.constantFrom(..."ABCXYZabcxyz0189-_");
const noToken = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 2000 }),
    fc.string({ unit: base64url, maxLength: 100 }),
    fc.string({ unit: "binary", minLength: 43, maxLength: 43 }),
    fc.constantFrom("", "\0", "=".repeat(43), "A".repeat(1_000_000)),
  )
  .filter((text) => !/^[A-Za-z0-9_-]{43}$/.test(text));

// There is no database to ask: these tests are given none, so a query would fail.
describe("what is no token by its shape is looked up nowhere", () => {
  it("by findSession and removeExpiredSession", async () => {
    await fc.assert(
      fc.asyncProperty(noToken, async (text) => {
        expect(await findSession(text)).toBeNull();
        expect(await removeExpiredSession(text)).toBeNull();
      }),
    );
  });

  it("by findLinkToken", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...linkPurposes), noToken, async (purpose, text) => {
        expect(await findLinkToken(purpose, text)).toBeNull();
      }),
    );
  });
});
