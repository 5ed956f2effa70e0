import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

vi.hoisted(() => {
  process.env.AUTH_SECRET = "a secret for tests of 32 characters or more";
});

import { DEVICE_TOKEN_LENGTH, isKnownDevice, signDevice } from "../../security/known-browsers";
import { findSession } from "../../security/sessions";

const base64url = fc.constantFrom(..."ABCXYZabcxyz0189-_");
const token = fc.oneof(
  fc.string({ unit: "binary", maxLength: 2000 }),
  fc.string({ unit: base64url, maxLength: 100 }),
  fc.string({ unit: base64url, minLength: DEVICE_TOKEN_LENGTH, maxLength: DEVICE_TOKEN_LENGTH }),
  fc.string({ unit: "binary", minLength: DEVICE_TOKEN_LENGTH, maxLength: DEVICE_TOKEN_LENGTH }),
  fc.constantFrom("", "\0", "=".repeat(DEVICE_TOKEN_LENGTH), "A".repeat(1_000_000)),
);
const address = fc.oneof(fc.string({ unit: "binary" }), fc.emailAddress());

describe("isKnownDevice", () => {
  it("knows nobody from a token that nobody signed", () => {
    fc.assert(
      fc.property(token, address, (made, email) => {
        expect(isKnownDevice(made, email)).toBeNull();
      }),
    );
  });

  it("knows whom a token was signed for, and no one else", () => {
    fc.assert(
      fc.property(fc.emailAddress(), fc.emailAddress(), token, (one, other, previous) => {
        fc.pre(one !== other);
        const signed = signDevice(one, previous);
        expect(isKnownDevice(signed, one)).toMatch(/^[0-9a-f]{32}$/);
        expect(isKnownDevice(signed, other)).toBeNull();
      }),
    );
  });

  it("knows nobody any more once a letter of the account's own slot has changed", () => {
    fc.assert(
      fc.property(fc.emailAddress(), fc.nat({ max: 60 }), base64url, (email, place, letter) => {
        const signed = signDevice(email, null);
        const forged = signed.slice(0, place) + letter + signed.slice(place + 1);
        fc.pre(forged !== signed);
        expect(isKnownDevice(forged, email)).toBeNull();
      }),
    );
  });
});

describe("signDevice", () => {
  it("makes a token of one length and one alphabet, whatever the browser sent before", () => {
    fc.assert(
      fc.property(address, token, (email, previous) => {
        expect(signDevice(email, previous)).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(signDevice(email, previous)).toHaveLength(DEVICE_TOKEN_LENGTH);
      }),
    );
  });
});

describe("findSession", () => {
  it("asks no database about what is no token by its shape", async () => {
    // There is none to ask: these tests are given no database, so a question would fail.
    await fc.assert(
      fc.asyncProperty(token, async (made) => {
        fc.pre(!/^[A-Za-z0-9_-]{43}$/.test(made));
        expect(await findSession(made)).toBeNull();
      }),
    );
  });
});
