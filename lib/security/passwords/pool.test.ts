import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Requester } from "./fair-queue";
import { HashPool, hashPool } from "./pool";

/** The cheapest job there is, for tests of the pool itself. */
const cheap = { password: "correct horse", cost: 4 };

/** A job long enough for something to happen meanwhile. */
const slow = { password: "correct horse", cost: 12 };

let clients = 0;

/** Somebody who has asked for nothing yet. */
function somebody(isKnown = false): Requester {
  clients++;
  return { client: `client ${clients}`, account: null, isKnown };
}

/** What both libraries must agree on: text of every kind that a form lets through. */
const passwords = [
  "correct horse",
  " spaces ",
  "Größe: 10 €",
  "пароль",
  "密码密码",
  "🦊🦊",
  "a\u0000b",
  "ÿ\u00a3",
  "x".repeat(72),
  "",
];

/** Collects the threads that are started from here on. */
function watchThreads(): Worker[] {
  const threads: Worker[] = [];
  const collect = (worker: Worker) => void threads.push(worker);
  process.on("worker", collect);
  cleanUp.push(() => process.off("worker", collect));
  return threads;
}

/** A pool whose threads find no native library: its loader looks for the binary nowhere but at this path. */
function poolWithoutNative(size?: number): HashPool {
  vi.stubEnv("NAPI_RS_NATIVE_LIBRARY_PATH", "/nowhere/bcrypt.node");
  return new HashPool(size);
}

const cleanUp: (() => void)[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  for (const undo of cleanUp.splice(0)) undo();
});

describe("HashPool", () => {
  it("uses the native library, and bcryptjs where it does not load", async () => {
    const native = new HashPool(1);
    expect(native.library).toBeNull();
    await native.run(cheap);
    expect(native.library).toBe("@node-rs/bcrypt");

    const fallback = poolWithoutNative(1);
    await fallback.run(cheap);
    expect(fallback.library).toBe("bcryptjs");
  });

  it("has two libraries that agree on every hash", async () => {
    const native = new HashPool();
    await native.run(cheap);
    const fallback = poolWithoutNative();
    await fallback.run(cheap);
    expect([native.library, fallback.library]).toEqual(["@node-rs/bcrypt", "bcryptjs"]);

    for (const [maker, reader] of [
      [native, fallback],
      [fallback, native],
    ] as const) {
      for (const password of passwords) {
        const made = await maker.run({ password, cost: 4 });
        expect(made).toMatch(/^\$2b\$04\$/);
        for (const hash of ["$2a$", "$2b$", "$2y$"].map((version) => made.replace("$2b$", version))) {
          expect([password, hash, await reader.run({ password, hash })]).toEqual([password, hash, true]);
          expect([password, hash, await reader.run({ password: `${password.slice(0, -1)}?`, hash })]).toEqual(
            [password, hash, false],
          );
        }
      }
    }
  });

  it("starts threads when they are needed, and never more than its size", async () => {
    const threads = watchThreads();
    const pool = new HashPool(2);
    expect(threads).toHaveLength(0);
    await pool.run(cheap);
    await pool.run(cheap);
    expect(threads).toHaveLength(1);
    await Promise.all(Array.from({ length: 20 }, () => pool.run(cheap)));
    expect(threads).toHaveLength(2);
  });

  it("answers each job with its own result, first come, first served", async () => {
    const pool = new HashPool(1);
    const hash = await pool.run(cheap);
    const order: number[] = [];
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const answer = await pool.run({ password: i % 3 === 0 ? cheap.password : "wrong", hash });
        order.push(i);
        return answer;
      }),
    );
    expect(answers).toEqual(Array.from({ length: 12 }, (_, i) => i % 3 === 0));
    expect(order).toEqual(answers.map((_, i) => i));
  });

  it("is full with one job for each thread and 64 behind them", async () => {
    const pool = new HashPool(2);
    const jobs = [];
    while (!pool.isFull(somebody())) jobs.push(pool.run(cheap, somebody()));
    expect(jobs).toHaveLength(2 + 64);
    await Promise.all(jobs);
    expect(pool.isFull()).toBe(false);
  });

  it("has room for known browsers when it is full, and does two of their jobs for each of a stranger", async () => {
    const pool = new HashPool(1);
    const order: string[] = [];
    const jobs: Promise<unknown>[] = [pool.run(cheap)];
    for (const [name, isKnown] of [
      ["stranger", false],
      ["known", true],
    ] as const)
      while (!pool.isFull(somebody(isKnown)))
        jobs.push(pool.run(cheap, somebody(isKnown)).then(() => order.push(name)));
    await Promise.all(jobs);
    expect(order.filter((name) => name === "known")).toHaveLength(32);
    expect(order.filter((name) => name === "stranger")).toHaveLength(64);
    const turns = order
      .slice(0, 48)
      .join(" ")
      .split("stranger")
      .map((known) => known.trim());
    expect(turns).toEqual(["known known", ...Array(15).fill("known known"), ""]);
  });

  it("gives one client three quarters of the places at most, and one account half of those", () => {
    const pool = new HashPool(1);
    const fill = (of: (count: number) => Requester) => {
      let count = 0;
      while (pool.reserveSlot(of(count))) count++;
      return count;
    };
    const office = (account: string): Requester => ({ client: "office", account, isKnown: false });
    expect(fill(() => office("ada"))).toBe(24);
    expect(fill((count) => office(`person ${count}`))).toBe(24);
    expect(fill((count) => ({ client: `home ${count}`, account: "ada", isKnown: false }))).toBe(0);
    expect(fill((count) => ({ client: `home ${count}`, account: `${count}`, isKnown: false }))).toBe(16);
  });

  it("lets clients take turns, and accounts of one client: no one waits for all jobs of another", async () => {
    const pool = new HashPool(1);
    const order: string[] = [];
    const ask = (client: string, account: string) =>
      pool.run(cheap, { client, account, isKnown: false }).then(() => order.push(`${client} ${account}`));
    const jobs = [pool.run(cheap), ...Array.from({ length: 6 }, () => ask("flood", "mallory"))];
    jobs.push(...["a", "b"].map((account) => ask("flood", account)), ask("home", "ada"));
    await Promise.all(jobs);
    expect(order.slice(0, 5)).toEqual(["flood mallory", "home ada", "flood a", "flood b", "flood mallory"]);
  });

  it("works on two jobs of one account at once at most, and starts no thread for a third", async () => {
    const threads = watchThreads();
    const pool = new HashPool(4);
    const ada: Requester = { client: "home", account: "ada", isKnown: false };
    const order: string[] = [];
    const jobs = Array.from({ length: 4 }, () => pool.run(slow, ada).then(() => order.push("ada")));
    jobs.push(pool.run(cheap, { ...ada, account: "bob" }).then(() => order.push("bob")));
    await Promise.all(jobs);
    expect(threads, "two for ada, one for bob").toHaveLength(3);
    expect(order).toEqual(["bob", "ada", "ada", "ada", "ada"]);
  });

  it("is overrun from when it was full until half of that is done", async () => {
    const pool = new HashPool(1);
    const seen: boolean[] = [];
    const jobs = [];
    while (!pool.isFull(somebody())) {
      seen.push(pool.isOverrun);
      jobs.push(pool.run(cheap, somebody()).then(() => seen.push(pool.isOverrun)));
    }
    expect(seen).not.toContain(true);
    expect(pool.isOverrun).toBe(true);
    seen.length = 0;
    await Promise.all(jobs);
    // The 32nd to end lets the next one begin, and half of the queue is left.
    expect(seen.filter(Boolean)).toHaveLength(31);
    expect(seen.lastIndexOf(true)).toBe(30);
  });

  it("is full of slots that are only reserved, until they are used or released", async () => {
    const pool = new HashPool(1);
    const hash = await pool.run(cheap);
    const slots = Array.from({ length: 64 }, () => pool.reserveSlot(somebody()));
    expect(slots).not.toContain(null);
    expect([pool.reserveSlot(somebody()), pool.isFull(somebody()), pool.isOverrun]).toEqual([
      null,
      true,
      true,
    ]);
    expect(pool.reserveSlot(somebody(true)), "room for known browsers").not.toBeNull();
    for (const slot of slots.slice(0, 32)) {
      slot?.release();
      slot?.release();
    }
    expect([pool.isFull(somebody()), pool.isOverrun]).toEqual([false, false]);
    expect(await slots[63]?.verify(cheap.password, hash)).toBe(true);
    slots[63]?.release();
    for (let more = 0; more < 33; more++) expect(pool.reserveSlot(somebody())).not.toBeNull();
    expect(pool.reserveSlot(somebody())).toBeNull();
  });

  it("says how long a full queue takes, longer where there are fewer threads", () => {
    expect([
      new HashPool(1).secondsToDrain,
      new HashPool(2).secondsToDrain,
      new HashPool(64).secondsToDrain,
    ]).toEqual([16, 8, 1]);
  });

  it("gives the job of a thread that dies to another one, before those that wait", async () => {
    const threads = watchThreads();
    const pool = new HashPool(1);
    await pool.run(cheap);
    const order: string[] = [];
    const interrupted = pool.run(slow).then(() => order.push("interrupted"));
    const waiting = pool.run(cheap).then(() => order.push("waiting"));
    await threads[0]?.terminate();
    await Promise.all([interrupted, waiting]);
    expect(order).toEqual(["interrupted", "waiting"]);
    expect(threads).toHaveLength(2);
  });

  it("replaces a thread that died while it had nothing to do", async () => {
    const threads = watchThreads();
    const pool = new HashPool(1);
    await pool.run(cheap);
    await threads[0]?.terminate();
    expect(await pool.run(cheap)).toMatch(/^\$2b\$04\$/);
    expect(threads).toHaveLength(2);
  });

  it("gives up a job that kills two threads, and does the others", async () => {
    const threads = watchThreads();
    const pool = poolWithoutNative(1);
    const unreadable = `$2x$04$${".".repeat(53)}`;
    const [deadly, harmless] = await Promise.allSettled([
      pool.run({ password: "", hash: unreadable }),
      pool.run(cheap),
    ]);
    expect(deadly).toMatchObject({
      status: "rejected",
      reason: { message: /died twice/, cause: { message: /^Invalid salt revision/ } },
    });
    expect(harmless.status).toBe("fulfilled");
    expect(threads).toHaveLength(3);
  });

  it("keeps a script alive until its hash is there, and no longer", async () => {
    const script = `
      import { createJiti } from "jiti";
      const { hashPool } = await createJiti(${JSON.stringify(import.meta.url)}).import("./pool.ts");
      console.log(await hashPool().run({ password: "correct horse", cost: 4 }));`;
    // Resolves only when the process has ended by itself, with exit code 0.
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
    expect(stdout).toMatch(/^\$2b\$04\$/);
  });
});

describe("hashPool", () => {
  it("is one for the process, even for a second copy of this module", async () => {
    vi.resetModules();
    const copy = await import("./pool");
    expect(copy.hashPool).not.toBe(hashPool);
    expect(copy.hashPool()).toBe(hashPool());
  });
});
