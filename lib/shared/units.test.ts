import { describe, expect, it } from "vitest";
import { DAY_MS, formatDuration, HOUR_MS, MINUTE_MS, SECOND_MS } from "./units";

describe("formatDuration", () => {
  it.each([
    [30 * MINUTE_MS, "30 minutes"],
    [DAY_MS, "a day"],
    [7 * DAY_MS, "7 days"],
    [2 * HOUR_MS, "2 hours"],
    [HOUR_MS, "an hour"],
    [90 * MINUTE_MS, "90 minutes"],
    [MINUTE_MS, "a minute"],
    [61 * SECOND_MS, "61 seconds"],
    [SECOND_MS, "a second"],
    [1, "a second"],
    [0, "a second"],
  ])("says %d ms as %s", (ms, words) => {
    expect(formatDuration(ms)).toBe(words);
  });

  it("promises no less than there is to wait", () => {
    expect(formatDuration(2 * MINUTE_MS + 1)).toBe("3 minutes");
    expect(formatDuration(2 * DAY_MS + 1)).toBe("3 days");
  });
});
