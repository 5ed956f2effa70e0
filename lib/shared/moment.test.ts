import { describe, expect, it } from "vitest";
import { formatAgo, formatExactly } from "./moment";

const NOW = Date.parse("2026-11-22T14:05:09.500Z");

describe("formatAgo", () => {
  it.each([
    ["2026-11-22T14:06:00Z", "just now"],
    ["2026-11-22T14:04:10Z", "just now"],
    ["2026-11-22T14:04:09Z", "1 minute ago"],
    ["2026-11-22T13:05:10Z", "59 minutes ago"],
    ["2026-11-22T13:05:09Z", "1 hour ago"],
    ["2026-11-21T14:05:10Z", "23 hours ago"],
    ["2026-11-15T14:05:10Z", "6 days ago"],
    ["2026-11-15T14:05:09Z", "15 November 2026"],
    ["2025-01-01T00:00:00Z", "1 January 2025"],
  ])("says of %s: %s", (at, words) => {
    expect(formatAgo(new Date(at), NOW)).toBe(words);
  });
});

describe("formatExactly", () => {
  it("tells the second and the time zone", () => {
    expect(formatExactly(new Date(NOW))).toBe("22 November 2026 at 14:05:09 UTC");
  });
});
