import { afterEach, describe, expect, it, vi } from "vitest";

vi.hoisted(() => {
  process.env.AUTH_SECRET = "the secret of these tests, which is long enough";
});

import { openFromBrowser, sealForBrowser } from "./sealed-for-browser";

const TTL_MS = 60_000;

afterEach(() => vi.useRealTimers());

describe("openFromBrowser", () => {
  it("opens what was sealed for this account and this use, until its time is over", () => {
    vi.useFakeTimers();
    const sealed = sealForBrowser("set-up", "ada", "a secret", TTL_MS);
    expect(sealed).not.toContain("secret");
    expect(openFromBrowser("set-up", "ada", sealed)).toBe("a secret");
    vi.advanceTimersByTime(TTL_MS - 1);
    expect(openFromBrowser("set-up", "ada", sealed)).toBe("a secret");
    vi.advanceTimersByTime(1);
    expect(openFromBrowser("set-up", "ada", sealed)).toBeNull();
  });

  it("opens nothing for another account or use, and nothing that was changed or is none of ours", () => {
    const sealed = sealForBrowser("set-up", "ada", "a secret", TTL_MS);
    expect(openFromBrowser("set-up", "bob", sealed)).toBeNull();
    expect(openFromBrowser("recovery-codes", "ada", sealed)).toBeNull();
    for (const other of [null, "", "x", sealed.slice(1), sealed.slice(0, -4), sealed + sealed])
      expect(openFromBrowser("set-up", "ada", other)).toBeNull();
  });
});
