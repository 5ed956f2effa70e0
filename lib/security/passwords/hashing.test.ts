import { afterEach, describe, expect, it } from "vitest";
import { joinPrimary } from "../../platform/ipc";
import { openLine } from "../../testing/line";
import type { Requester } from "./fair-queue";
import { hashQueue } from "./hash-queue";
import { type HashSlot, reserveSlot, SlotsOfWorker } from "./hashing";
import { HashQueueFullError, hashPassword, passwordMatches, reserveHashSlot } from "./password";

const ended: SlotsOfWorker[] = [];

afterEach(() => {
  joinPrimary(null);
  for (const slots of ended.splice(0)) slots.releaseAll();
});

/** A worker, as its primary has it. */
function newWorker(): SlotsOfWorker {
  const slots = new SlotsOfWorker();
  ended.push(slots);
  return slots;
}

let clients = 0;

function somebody(): Requester {
  clients++;
  return { client: `client ${clients}`, account: `account ${clients}`, isKnown: false };
}

/** Reserves slots for strangers until there is none for the next. */
function fill(worker: SlotsOfWorker): number[] {
  const slots: number[] = [];
  for (;;) {
    const slot = worker.answers.reserveHashSlot(somebody());
    if (typeof slot !== "number") return slots;
    slots.push(slot);
  }
}

describe("a worker", () => {
  it("has its passwords hashed by the primary, and gives each slot back", async () => {
    joinPrimary(openLine({}, newWorker().answers).here);
    const hash = await hashPassword("correct horse");
    expect(hash).toMatch(/^\$2b\$12\$/);
    expect(await passwordMatches("correct horse", hash)).toBe(true);
    expect(await passwordMatches("battery staple", hash)).toBe(false);
    await new Promise(setImmediate);
    expect(fill(newWorker())).toHaveLength(64);
  });

  it("waits for its turn among those of another one, first come, first served", async () => {
    const [one, other] = [newWorker(), newWorker()];
    const out = Array.from({ length: hashQueue().threads + 1 }, () =>
      one.answers.reserveHashSlot(somebody()),
    ) as number[];
    await Promise.all(out.map((slot) => one.answers.awaitHashTurn(slot)));
    const order: string[] = [];
    const ask = async (worker: SlotsOfWorker, name: string) => {
      joinPrimary(openLine({}, worker.answers).here);
      const slot = (await reserveSlot(somebody())) as HashSlot;
      void slot.turn().then(() => {
        order.push(name);
        slot.release();
      });
      await new Promise(setImmediate);
    };
    for (const [worker, name] of [
      [other, "a"],
      [one, "b"],
      [other, "c"],
    ] as const)
      await ask(worker, name);
    expect(order).toEqual([]);
    one.answers.releaseHashSlot(out[0] ?? 0);
    await expect.poll(() => order).toEqual(["a", "b", "c"]);
  });

  it("is refused where another one has filled the queue, and told when to come again", async () => {
    fill(newWorker());
    joinPrimary(openLine({}, newWorker().answers).here);
    const refused = await reserveHashSlot(somebody()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(HashQueueFullError);
    expect(refused).toMatchObject({ retryAfterSeconds: expect.any(Number) });
  });

  it("gives all its slots back when it ends: those with a turn, those that wait for one, and those that never asked", async () => {
    const [dying, other] = [newWorker(), newWorker()];
    const slots = fill(dying);
    for (const slot of slots.slice(0, 30)) void dying.answers.awaitHashTurn(slot);
    await dying.answers.awaitHashTurn(slots[0] ?? 0);
    fill(dying); // a turn leaves its slot to the next
    expect(other.answers.reserveHashSlot(somebody())).toEqual({ retryAfterSeconds: expect.any(Number) });
    dying.releaseAll();
    expect(hashQueue().isOverrun).toBe(false);
    const [next] = fill(other);
    await other.answers.awaitHashTurn(next ?? 0); // at once: none of the dead is served before it
    other.releaseAll();
    expect(fill(newWorker())).toHaveLength(64);
  });

  it("cannot use a slot that it has given back, or never had", async () => {
    const worker = newWorker();
    const slot = worker.answers.reserveHashSlot(somebody()) as number;
    worker.answers.releaseHashSlot(slot);
    worker.answers.releaseHashSlot(slot);
    joinPrimary(openLine({}, worker.answers).here);
    expect(() => worker.answers.awaitHashTurn(slot)).toThrow("no such slot");
    expect(() => newWorker().answers.awaitHashTurn(1)).toThrow("no such slot");
  });
});
