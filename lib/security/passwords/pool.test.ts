import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HashPool, hashPool } from "./pool";

/** The cheapest job there is, for tests of the pool itself. */
const cheap = { password: "correct horse", cost: 4 };

/** A job long enough for something to happen meanwhile. */
const slow = { password: "correct horse", cost: 12 };

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
