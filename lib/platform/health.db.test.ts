import { renameSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../shared/units";
import { runsOn } from "../testing/database";
import { collectLog } from "../testing/log-lines";
import { db } from "./db";
import { sqlitePath } from "./db/url";
import { isReady } from "./health";

/** A database that counts what it is asked. */
function counting(write: () => Promise<unknown> = async () => {}) {
  const asked = { reads: 0, writes: 0 };
  const read = async () => void asked.reads++;
  return {
    asked,
    read,
    write: () => {
      asked.writes++;
      return write();
    },
  };
}

const fail = () => Promise.reject(new Error("down"));

let tests = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout"] });
  vi.advanceTimersByTime(++tests * MINUTE_MS); // what one test has found out is no news for the next
});

afterEach(() => void vi.useRealTimers());

describe("isReady", () => {
  it("is true while the database answers and can be written to, by one row", async () => {
    for (let asked = 0; asked < 3; asked++) {
      expect(await isReady()).toBe(true);
      vi.advanceTimersByTime(2_000);
    }
    expect(await db.rateLimit.count({ where: { key: "ready" } })).toBe(1);
  });

  it("is false when reading fails, and true again after a write", async () => {
    expect(await isReady()).toBe(true);
    expect(await isReady({ ...counting(), read: fail })).toBe(false);
    const database = counting();
    expect(await isReady(database)).toBe(true);
    expect(database.asked.writes, "what was written before says nothing").toBe(1);
  });

  it("is false when writing fails, and true again a second later", async () => {
    expect(await isReady(counting(fail))).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(await isReady()).toBe(true);
  });

  it("is false after two seconds without an answer", async () => {
    let answer: boolean | undefined;
    let finish = () => {};
    const write = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const asked = isReady(counting(write)).then((ready) => {
      answer = ready;
    });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(answer).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await asked;
    expect(answer).toBe(false);

    const other = counting();
    expect(await isReady(other), "no second check stands behind one that hangs").toBe(false);
    expect(other.asked).toEqual({ reads: 0, writes: 0 });
    finish();
    await vi.advanceTimersByTimeAsync(0);
    expect(await isReady(other)).toBe(true);
  });

  it("reads once for all who ask at the same time, and writes once a second", async () => {
    const database = counting();
    expect(await Promise.all(Array.from({ length: 20 }, () => isReady(database)))).not.toContain(false);
    expect(database.asked).toEqual({ reads: 1, writes: 1 });
    for (let asked = 0; asked < 50; asked++) await isReady(database);
    expect(database.asked.writes).toBe(1);
    vi.advanceTimersByTime(1_000);
    await isReady(database);
    expect(database.asked.writes).toBe(2);
  });

  it("goes on writing when the clock is set back", async () => {
    const database = counting();
    await isReady(database);
    vi.setSystemTime(Date.now() - HOUR_MS);
    vi.advanceTimersByTime(1_000);
    expect(await isReady(database)).toBe(true);
    expect(database.asked.writes).toBe(2);
  });

  it("tells in the log once a minute why it is false, whoever asks how often, and when that is over", async () => {
    const logged = collectLog();
    for (let asked = 0; asked < 20; asked++) {
      await isReady(counting(fail));
      vi.advanceTimersByTime(1_000);
    }
    expect(await isReady()).toBe(true);
    expect(logged.lines()).toMatchObject([
      { level: "warn", event: "unavailable", service: "database" },
      { level: "info", event: "available", service: "database", seconds: 20 },
    ]);
  });

  it.runIf(runsOn() === "sqlite")("is false while the file is away", async () => {
    const path = sqlitePath(process.env.DATABASE_URL ?? "") ?? "";
    expect(await isReady()).toBe(true);
    renameSync(path, `${path}.away`);
    expect(await isReady()).toBe(false);
    renameSync(`${path}.away`, path);
    expect(await isReady()).toBe(true);
  });
});
