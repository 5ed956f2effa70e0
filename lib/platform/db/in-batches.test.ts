import { describe, expect, it } from "vitest";
import { atOnce, BATCH_ROWS, inBatches } from "./in-batches";

/** A statement that finds so many rows. */
function rows(left: number) {
  const limits: number[] = [];
  const change = async (limit: number) => {
    limits.push(limit);
    const count = Math.min(limit, left);
    left -= count;
    return { count };
  };
  return { change, limits, left: () => left };
}

describe("inBatches", () => {
  it.each([0, 1, BATCH_ROWS - 1, BATCH_ROWS, 3 * BATCH_ROWS + 7])(
    "changes %d rows, a batch at a time",
    async (count) => {
      const table = rows(count);
      expect(await inBatches(table.change, atOnce)).toBe(count);
      expect(table.left()).toBe(0);
      expect(table.limits).toEqual(Array(Math.floor(count / BATCH_ROWS) + 1).fill(BATCH_ROWS));
    },
  );

  it("stops between two batches when it is told to, and says what was done until then", async () => {
    const table = rows(5 * BATCH_ROWS);
    let asked = 0;
    expect(await inBatches(table.change, async () => ++asked < 2)).toBe(2 * BATCH_ROWS);
    expect(table.left()).toBe(3 * BATCH_ROWS);
  });
});
