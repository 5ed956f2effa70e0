import { afterEach, describe, expect, it } from "vitest";
import { openLine } from "../testing/line";
import {
  leaveBackground,
  runInBackground,
  takeBackground,
  wakeBackground,
  wakeElsewhere,
} from "./background";
import { joinPrimary } from "./ipc";

afterEach(async () => {
  await leaveBackground();
  joinPrimary(null);
});

/** Work that says what becomes of it. */
function addWork(): string[] {
  const told: string[] = [];
  runInBackground({
    start: () => void told.push("start"),
    stop: async () => void told.push("stop"),
    wake: async () => void told.push("wake"),
  });
  return told;
}

describe("background work", () => {
  it("begins at once in a process that is alone, and is due there", () => {
    const told = addWork();
    expect(told).toEqual(["start"]);
    expect(wakeElsewhere(), "to be done here").toBe(false);
  });

  it("begins in a worker when it is told to, and stops when it leaves", async () => {
    let asked = 0;
    joinPrimary(openLine({}, { wakeBackground: () => asked++ }).here);
    const told = addWork();
    wakeBackground();
    expect(wakeElsewhere()).toBe(true);
    await new Promise(setImmediate);
    expect({ told, asked }).toEqual({ told: [], asked: 1 });

    takeBackground();
    takeBackground();
    wakeBackground();
    expect(wakeElsewhere()).toBe(false);
    await leaveBackground();
    wakeBackground();
    expect(told).toEqual(["start", "wake", "stop"]);
  });
});
