import { beforeEach, describe, expect, it } from "vitest";
import { ArrivingBodies } from "./arriving-bodies";

let cutOff: string[] = [];

beforeEach(() => {
  cutOff = [];
});

const begin = (bodies: ArrivingBodies, from: string, name = from) =>
  bodies.begin(from, () => void cutOff.push(name));

describe("ArrivingBodies", () => {
  it("cuts off the slowest of the network that sends the most, and never the one that comes", () => {
    const bodies = new ArrivingBodies(4);
    begin(bodies, "somebody");
    for (const name of ["1", "2", "3", "4"]) begin(bodies, "flood", name);
    expect(cutOff).toEqual(["1"]);
    begin(bodies, "another");
    begin(bodies, "flood", "5");
    expect(cutOff).toEqual(["1", "2", "3"]);
  });

  it("cuts off the slowest of all where each network sends one", () => {
    const bodies = new ArrivingBodies(2);
    for (const from of ["a", "b", "c"]) begin(bodies, from);
    expect(cutOff).toEqual(["a"]);
  });

  it("cuts off none while there is room, and what has arrived takes none", () => {
    const bodies = new ArrivingBodies(2);
    for (let count = 0; count < 9; count++) begin(bodies, "quick")();
    for (const from of ["a", "b"]) begin(bodies, from);
    expect(cutOff).toEqual([]);
  });
});
