import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MINUTE_MS, SECOND_MS } from "../shared/units";
import { collectLog, type LogLines } from "../testing/log-lines";
import { logAvailable, logError, logUnavailable } from "./log";
import { isLost } from "./outages";

const away = () => Object.assign(new Error("unable to open"), { rawCode: 14 });
const locked = () => Object.assign(new Error("locked"), { rawCode: 5 });
const look = () => logUnavailable({ service: "database", reason: "Away." }, {}, true);

let logged: LogLines;
const told = () => logged.lines().map(({ event, untold, seconds }) => [event, untold ?? seconds]);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  (globalThis as { latchkeyOutages?: Map<string, unknown> }).latchkeyOutages?.clear();
  logged = collectLog();
});

afterEach(() => void vi.useRealTimers());

describe("an outage in the log", () => {
  it("has a few lines a minute, however many requests fail, and none is forgotten", () => {
    for (let request = 0; request < 1000; request++) logError(away());
    expect(told()).toEqual(Array(5).fill(["unavailable", undefined]));
    vi.advanceTimersByTime(MINUTE_MS);
    logError(away());
    expect(told().at(-1)).toEqual(["unavailable", 995]);
  });

  it("has a line when it is over, with its length, and no second one", () => {
    logError(away());
    expect(isLost("database")).toBe(true);
    vi.advanceTimersByTime(90 * SECOND_MS);
    for (let success = 0; success < 3; success++) logAvailable("database");
    expect(told()).toEqual([
      ["unavailable", undefined],
      ["available", 90],
    ]);
    expect(isLost("database")).toBe(false);
  });

  it("has no line where nothing was lost", () => {
    logAvailable("database");
    logAvailable("mail server");
    expect(logged.lines()).toEqual([]);
  });

  it("that comes and goes fills no disk, and its end is told once that may be", () => {
    for (let turn = 0; turn < 100; turn++) {
      logError(away());
      logAvailable("database");
    }
    expect(logged.lines().length).toBeLessThanOrEqual(6);
    vi.advanceTimersByTime(MINUTE_MS);
    logAvailable("database");
    expect(told().at(-1)?.[0]).toBe("available");
  });

  it("is told by a look once a minute, and not where a request has told it", () => {
    for (let turn = 0; turn < 10; turn++) look();
    expect(told()).toEqual([["unavailable", undefined]]);
    vi.advanceTimersByTime(MINUTE_MS);
    logError(away());
    look();
    expect(told()).toHaveLength(2);
  });

  it("is none where a query only waited too long for another", () => {
    logError(locked());
    expect(logged.lines()).toMatchObject([{ event: "unavailable", service: "query" }]);
    expect(isLost("database")).toBe(false);
  });
});
