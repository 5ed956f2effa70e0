import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

vi.hoisted(() => {
  process.env.AUTH_SECRET = "a secret for tests of 32 characters or more";
});

import { DEVICE_ACCOUNTS_MAX, DEVICE_LIFETIME_DAYS } from "../shared/limits";
import { DEVICE_TOKEN_LENGTH, isKnownDevice, readSeal, signDevice } from "./known-browsers";

const HOUR_MS = 60 * 60 * 1000;
const ada = "ada@example.com";
const bob = "bob@example.com";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.resetModules();
});

describe("isKnownDevice", () => {
  it("knows a browser that logged in, and another one by another id", () => {
    const id = isKnownDevice(signDevice(ada, null), ada);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(isKnownDevice(signDevice(ada, null), ada)).not.toBe(id);
  });

  it("does not know it at another account", () => {
    expect(isKnownDevice(signDevice(ada, null), bob)).toBeNull();
    expect(isKnownDevice(signDevice(ada, null), "")).toBeNull();
  });

  it("knows it until its days are over", () => {
    const token = signDevice(ada, null);
    vi.setSystemTime(Date.now() + (DEVICE_LIFETIME_DAYS * 24 - 1) * HOUR_MS);
    expect(isKnownDevice(token, ada)).not.toBeNull();
    vi.setSystemTime(Date.now() + HOUR_MS);
    expect(isKnownDevice(token, ada)).toBeNull();
  });

  it.each([
    ["nothing", null],
    ["an empty token", ""],
    ["a word", "garbage"],
    ["zeros", "A".repeat(DEVICE_TOKEN_LENGTH)],
    ["letters that are not base64url", "é".repeat(DEVICE_TOKEN_LENGTH)],
    ["half a surrogate pair", "\ud800".repeat(DEVICE_TOKEN_LENGTH)],
    ["spaces in between", signDevice(ada, null).replace(/.{10}$/, " ".repeat(10))],
    ["a letter more", `${signDevice(ada, null)}A`],
    ["a letter less", signDevice(ada, null).slice(0, -1)],
    ["two tokens", signDevice(ada, null).repeat(2)],
    ["a megabyte", "A".repeat(1_000_000)],
  ])("does not know %s", (_, token) => {
    expect(isKnownDevice(token, ada)).toBeNull();
  });

  it("does not know a token with any byte changed", () => {
    const bytes = Buffer.from(signDevice(ada, null), "base64url");
    for (let index = 0; index < bytes.length; index++) {
      const forged = Buffer.from(bytes);
      forged[index] = (forged[index] ?? 0) ^ 1;
      expect(isKnownDevice(forged.toString("base64url"), ada)).toBeNull();
      expect(readSeal(forged.toString("base64url"))).toBeNull();
    }
  });

  it("does not know a token signed with another secret", async () => {
    const token = signDevice(ada, null);
    vi.resetModules();
    vi.stubEnv("AUTH_SECRET", "another secret of 32 characters or more");
    const other = await import("./known-browsers");
    expect(other.isKnownDevice(token, ada)).toBeNull();
    expect(other.isKnownDevice(other.signDevice(ada, null), ada)).not.toBeNull();
    vi.unstubAllEnvs();
  });
});

describe("readSeal", () => {
  it("tells tokens apart, whomever they are for", () => {
    const [first, second] = [signDevice(ada, null), signDevice(ada, null)];
    expect(readSeal(first)).toMatch(/^[\w-]{43}$/);
    expect(readSeal(first)).toBe(readSeal(first));
    expect(readSeal(second)).not.toBe(readSeal(first));
  });

  it.each([null, "", "garbage", "A".repeat(DEVICE_TOKEN_LENGTH), "é".repeat(DEVICE_TOKEN_LENGTH)])(
    "is null for what we never signed",
    (token) => {
      expect(readSeal(token)).toBeNull();
    },
  );
});

describe("signDevice", () => {
  it("keeps the id, and counts the days anew", () => {
    const first = signDevice(ada, null);
    vi.setSystemTime(Date.now() + (DEVICE_LIFETIME_DAYS * 24 - 1) * HOUR_MS);
    const second = signDevice(ada, first);
    expect(second).not.toBe(first);
    vi.setSystemTime(Date.now() + HOUR_MS);
    expect(isKnownDevice(second, ada)).not.toBeNull();
    expect(isKnownDevice(second, ada)).toBe(isKnownDevice(signDevice(ada, second), ada));
  });

  it("gives a new id once the days are over", () => {
    const first = signDevice(ada, null);
    const id = isKnownDevice(first, ada);
    vi.setSystemTime(Date.now() + DEVICE_LIFETIME_DAYS * 24 * HOUR_MS);
    expect(isKnownDevice(signDevice(ada, first), ada)).not.toBe(id);
  });

  it("keeps five accounts and lets the one used longest ago go", () => {
    let token = signDevice("0@example.com", null);
    for (let account = 1; account < DEVICE_ACCOUNTS_MAX; account++)
      token = signDevice(`${account}@example.com`, token);
    token = signDevice("0@example.com", token); // now 1 is the oldest
    for (let account = 0; account < DEVICE_ACCOUNTS_MAX; account++)
      expect(isKnownDevice(token, `${account}@example.com`)).not.toBeNull();
    token = signDevice("5@example.com", token);
    expect(isKnownDevice(token, "1@example.com")).toBeNull();
    for (const account of [0, 2, 3, 4, 5])
      expect(isKnownDevice(token, `${account}@example.com`)).not.toBeNull();
  });

  it.each(["", "garbage", "A".repeat(DEVICE_TOKEN_LENGTH), "A".repeat(1_000_000)])(
    "begins anew when the previous token is not ours",
    (previous) => {
      expect(isKnownDevice(signDevice(ada, previous), ada)).not.toBeNull();
    },
  );

  it("is of one length, well under a kilobyte, fit for a cookie and without the address", () => {
    let token: string | null = null;
    for (let account = 0; account < 2 * DEVICE_ACCOUNTS_MAX; account++) {
      token = signDevice(`${account}-${ada}`, token);
      expect(token).toHaveLength(DEVICE_TOKEN_LENGTH);
      expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(Buffer.from(token, "base64url").toString("latin1")).not.toContain("ada");
    }
    expect(DEVICE_TOKEN_LENGTH).toBeLessThan(1024);
  });
});
