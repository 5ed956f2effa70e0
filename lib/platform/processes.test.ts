import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { coresIn, processesThatFit } from "./processes";

it.each([
  ["max 100000\n", Number.POSITIVE_INFINITY],
  ["200000 100000\n", 2],
  ["150000 100000\n", 2],
  ["10000 100000\n", 1],
  ["", Number.POSITIVE_INFINITY],
])("coresIn reads %j as %d", (quota, cores) => {
  expect(coresIn(quota)).toBe(cores);
});

describe("processesThatFit", () => {
  it("is a whole number from one to the cores there are", () => {
    expect(processesThatFit()).toBeGreaterThanOrEqual(1);
    expect(processesThatFit()).toBeLessThanOrEqual(availableParallelism());
    expect(Number.isInteger(processesThatFit())).toBe(true);
  });
});
