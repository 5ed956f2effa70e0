import { describe, expect, it } from "vitest";
import { PROCESSES_MOST } from "../processes";
import { poolSize } from "./pool-size";

describe("poolSize", () => {
  it.each([
    [1, 10],
    [2, 5],
    [3, 4],
    [12, 4],
    [16, 3],
    [24, 2],
    [256, 2],
  ])("for %d processes is %d connections each", (processes, each) => {
    expect(poolSize(processes)).toBe(each);
  });

  it("leaves room for a reload and a start, whatever number of processes a machine gets by itself", () => {
    for (let processes = 1; processes <= PROCESSES_MOST; processes++)
      expect(2 * processes * poolSize(processes) + 1, String(processes)).toBeLessThanOrEqual(97);
  });
});
