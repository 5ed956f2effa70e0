import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { db } from "./index";
import { LEASE_MS, withLease } from "./lease";

afterEach(() => vi.useRealTimers());

/** A work that goes on until it is finished, and whether its lease still holds. */
function longWork(name: string) {
  let [begun, finish] = [() => {}, () => {}];
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const end = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let isHeld: () => Promise<boolean> = async () => false;
  const done = withLease(name, async (held) => {
    isHeld = held;
    begun();
    await end;
    return "done";
  });
  return { hasBegun, finish, done, isHeld: () => isHeld() };
}

describe("withLease", () => {
  it("lets one work at a time, and the next one once it is done", async () => {
    const name = randomUUID();
    const first = longWork(name);
    await first.hasBegun;
    expect(await withLease(name, async () => "second")).toBeNull();
    expect(await withLease(randomUUID(), async () => "other work")).toBe("other work");
    first.finish();
    expect(await first.done).toBe("done");
    expect(await withLease(name, async () => "third")).toBe("third");
    expect(await db.lease.count({ where: { name } })).toBe(0);
  });

  it("lets one of many begin that come at once", async () => {
    const name = randomUUID();
    const works = Array.from({ length: 8 }, () => longWork(name));
    let refused = 0;
    for (const { done } of works) void done.then(() => refused++);
    await expect.poll(() => refused, { timeout: 30_000 }).toBe(works.length - 1); // the one that works goes on
    for (const { finish } of works) finish();
    const outcomes = await Promise.all(works.map(({ done }) => done));
    expect(outcomes.filter((outcome) => outcome !== null)).toEqual(["done"]);
    expect(await db.lease.count({ where: { name } })).toBe(0);
  });

  it("is taken over where a clock that was far ahead has made it, and not where one is a little ahead", async () => {
    const name = randomUUID();
    const expiresAt = new Date(Date.now() + 1.5 * LEASE_MS);
    await db.lease.create({ data: { name, holder: randomUUID(), expiresAt } });
    expect(await withLease(name, async () => "too early")).toBeNull();
    await db.lease.updateMany({ where: { name }, data: { expiresAt: new Date("2099-01-01") } });
    expect(await withLease(name, async () => "taken over")).toBe("taken over");
  });

  it("is free again when the work has failed", async () => {
    const name = randomUUID();
    const fault = new Error("the work failed");
    await expect(withLease(name, () => Promise.reject(fault))).rejects.toBe(fault);
    expect(await withLease(name, async () => "next")).toBe("next");
  });

  it("holds as long as it is asked for, and is another's once its process has said nothing for too long", async () => {
    const name = randomUUID();
    vi.useFakeTimers({ toFake: ["Date"] });
    const slow = longWork(name);
    await slow.hasBegun;
    vi.setSystemTime(Date.now() + LEASE_MS / 2);
    expect(await slow.isHeld()).toBe(true);
    vi.setSystemTime(Date.now() + LEASE_MS - 1);
    expect(await withLease(name, async () => "too early")).toBeNull();
    vi.setSystemTime(Date.now() + 1);
    const next = longWork(name);
    await next.hasBegun;
    expect(await slow.isHeld()).toBe(false);
    slow.finish();
    await slow.done;
    expect(await withLease(name, async () => "a third"), "the late end leaves the other's lease").toBeNull();
    next.finish();
    await next.done;
  });
});
