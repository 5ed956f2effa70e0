import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { collectLog, type LogLines } from "../testing/log-lines";
import { HandOut } from "./hand-out";
import { UnstartedError, type Worker } from "./worker-process";
import { Workers } from "./workers";

interface Fake extends Worker {
  name: string;
  serve(): void;
  end(how: string): void;
}

let told: string[] = [];
let started: Fake[] = [];
let logged: LogLines;

beforeEach(() => {
  vi.useFakeTimers();
  logged = collectLog();
  told = [];
  started = [];
});

afterEach(() => void vi.useRealTimers());

function start(): Fake {
  const name = `w${started.length + 1}`;
  let [serve, end] = [() => {}, (_how: string) => {}];
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const ready = new Promise<void>((resolve, reject) => {
    serve = resolve;
    void ended.then((how) => reject(new UnstartedError(how)));
  });
  ready.catch(() => {});
  const worker: Fake = {
    name,
    pid: started.length + 1,
    ready,
    ended,
    give: () => told.push(`${name} connection`),
    giveUp: () => told.push(`${name} given up`),
    tell: (word) => told.push(`${name} ${word}`),
    kill() {
      told.push(`${name} kill`);
      end("SIGKILL");
    },
    serve,
    end,
  };
  started.push(worker);
  return worker;
}

const settle = () => vi.advanceTimersByTimeAsync(0);

/** So many that serve. */
async function serving(count: number): Promise<Workers> {
  const workers = new Workers({ count, start, handOut: new HandOut() });
  const begun = workers.begin();
  for (let index = 0; index < count; index++) {
    started[index]?.serve();
    await settle();
  }
  await begun;
  return workers;
}

describe("Workers", () => {
  it("starts one, and the others when it serves", async () => {
    const begun = new Workers({ count: 3, start, handOut: new HandOut() }).begin();
    await settle();
    expect(started).toHaveLength(1);
    started[0]?.serve();
    await begun;
    await settle();
    expect(started).toHaveLength(3);
  });

  it("fails with how the first one ended, and starts no other", async () => {
    const begun = new Workers({ count: 2, start, handOut: new HandOut() }).begin();
    started[0]?.end("exit code 1");
    await expect(begun).rejects.toThrow("exit code 1");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(started).toHaveLength(1);
  });

  it("starts another at once for one that ends, and says so", async () => {
    await serving(2);
    started[0]?.end("SIGKILL");
    await settle();
    expect(started).toHaveLength(3);
    started[2]?.serve();
    await settle();
    expect(logged.lines()).toEqual([
      expect.objectContaining({ level: "info", msg: "2 processes answer requests" }),
      expect.objectContaining({ level: "error", worker: 1, how: "SIGKILL" }),
      expect.objectContaining({ level: "info", msg: "2 processes answer requests" }),
    ]);
  });

  it("waits longer and longer where they end again and again, and not once one has served for a minute", async () => {
    await serving(1);
    const pauses: number[] = [];
    for (let round = 0; round < 8; round++) {
      const before = started.length;
      started.at(-1)?.end("exit code 1");
      let pause = 0;
      for (await settle(); started.length === before; pause++) await vi.advanceTimersByTimeAsync(1_000);
      pauses.push(pause);
      if (round % 2 === 0) started.at(-1)?.serve(); // one that fails while it starts counts as well
      await settle();
    }
    expect(pauses).toEqual([0, 1, 2, 4, 8, 16, 30, 30]);
    started.at(-1)?.serve();
    await vi.advanceTimersByTimeAsync(61_000);
    const before = started.length;
    started.at(-1)?.end("SIGKILL");
    await settle();
    expect(started).toHaveLength(before + 1);
  });

  it("replaces one after the other, and none leaves before a new one serves", async () => {
    const workers = await serving(2);
    told = [];
    const replaced = workers.replaceAll();
    await settle();
    expect({ started: started.length, told }).toEqual({ started: 3, told: [] });
    started[2]?.serve();
    await settle();
    expect(told).toContain("w1 leave");
    expect(told).not.toContain("w2 leave");
    started[3]?.serve();
    await replaced;
    expect(told).toContain("w2 leave");
    started[0]?.end("exit code 0");
    await settle();
    expect(started, "nobody takes the place of one that was to leave").toHaveLength(4);
  });

  it("keeps those that serve where a new one cannot start", async () => {
    const workers = await serving(2);
    told = [];
    const replaced = workers.replaceAll();
    started[2]?.end("exit code 1");
    await expect(replaced).rejects.toThrow("exit code 1");
    await settle();
    expect({ told, started: started.length }).toEqual({ told: [], started: 3 });
  });

  it("gives the background work to one, and to another when that one ends or leaves", async () => {
    const workers = await serving(2);
    expect(told).toEqual(["w1 takeBackground"]);
    workers.wakeBackground();
    expect(told.at(-1)).toBe("w1 wakeBackground");
    started[0]?.end("SIGKILL");
    await settle();
    expect(told.at(-1)).toBe("w2 takeBackground");
    started[2]?.serve();
    await settle();
    const replaced = workers.replaceAll();
    await settle();
    started[3]?.serve();
    await settle();
    expect(told.slice(-2)).toEqual(["w4 takeBackground", "w2 leave"]);
    await settle();
    started[4]?.serve();
    await replaced;
  });

  it("replaces one that takes no connections, and ends it where it does not leave", async () => {
    const workers = await serving(2);
    workers.takesNone(started[0] as Fake);
    workers.takesNone(started[0] as Fake);
    await settle();
    expect(told.slice(-2)).toEqual(["w2 takeBackground", "w1 leave"]);
    expect(started).toHaveLength(3);
    started[2]?.serve();
    await vi.advanceTimersByTimeAsync(179_999);
    expect(told).not.toContain("w1 kill");
    await vi.advanceTimersByTimeAsync(1);
    expect(told.filter((word) => word.endsWith("kill"))).toEqual(["w1 kill"]);
    expect(started, "its place is taken already").toHaveLength(3);
    expect(logged.lines()).toContainEqual(
      expect.objectContaining({ level: "error", worker: 1, how: "it took no connection" }),
    );
  });

  it("lets one that takes no connections leave by itself", async () => {
    const workers = await serving(2);
    workers.takesNone(started[0] as Fake);
    started[0]?.end("exit code 0");
    await vi.advanceTimersByTimeAsync(240_000);
    expect(told).not.toContain("w1 kill");
    expect(started).toHaveLength(3);
  });

  it("lets one that was told to stop do so, and starts another", async () => {
    const workers = await serving(2);
    workers.leaving(started[1] as Fake);
    await settle();
    expect(told.at(-1)).toBe("w2 stop");
    expect(started).toHaveLength(3);
  });

  it("stops them all, ends those that do not go in time and those that have not begun, and starts no other", async () => {
    const workers = await serving(2);
    void workers.replaceAll().catch(() => {});
    await settle();
    told = [];
    const stopped = workers.stop(5_000);
    expect(told).toEqual(["w1 stop", "w2 stop", "w3 kill"]);
    started[0]?.end("exit code 0");
    await vi.advanceTimersByTimeAsync(4_999);
    expect(told).not.toContain("w2 kill");
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(told.at(-1)).toBe("w2 kill");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(started).toHaveLength(3);
    expect(logged.lines().filter(({ level }) => level !== "info")).toEqual([]);
  });
});
