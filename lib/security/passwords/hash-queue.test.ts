import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Requester } from "./fair-queue";
import { HashQueue, hashQueue, type QueueSlot } from "./hash-queue";

let clients = 0;

/** Somebody who has asked for nothing yet. */
function somebody(isKnown = false): Requester {
  clients++;
  return { client: `client ${clients}`, account: `account ${clients}`, isKnown };
}

/** Who has had a turn, in this order. */
let order: string[] = [];
beforeEach(() => {
  order = [];
});

/** Waits for a turn and uses it up. */
async function take(slot: QueueSlot | null, name: string): Promise<void> {
  await slot?.turn();
  order.push(name);
  slot?.release();
}

/** Takes slots until there is none for the next. */
function fill(queue: HashQueue, of: () => Requester): QueueSlot[] {
  const slots: QueueSlot[] = [];
  for (;;) {
    const slot = queue.reserveSlot(of());
    if (!slot) return slots;
    slots.push(slot);
  }
}

/** Takes every turn that is out at once. */
function occupy(queue: HashQueue): QueueSlot[] {
  return Array.from({ length: queue.threads + 1 }, () => {
    const slot = queue.reserveSlot(somebody());
    void slot?.turn();
    return slot as QueueSlot;
  });
}

const release = (slots: QueueSlot[]) => {
  for (const slot of slots) slot.release();
};

describe("HashQueue", () => {
  it("lets one more than it has threads have their turn at once, first come, first served", async () => {
    const queue = new HashQueue(2);
    const out = occupy(queue);
    await Promise.all(out.map((slot) => slot.turn()));
    const waiting = ["a", "b", "c"].map((name) => take(queue.reserveSlot(somebody()), name));
    await Promise.resolve();
    expect(order).toEqual([]);
    out[1]?.release();
    await Promise.all(waiting);
    expect(order).toEqual(["a", "b", "c"]);
  });

  it("is full with 64 strangers, and has room for 32 known browsers then", () => {
    const queue = new HashQueue(2);
    expect(fill(queue, () => somebody())).toHaveLength(64);
    expect(fill(queue, () => somebody(true))).toHaveLength(32);
    expect(queue.reserveSlot(somebody())).toBeNull();
  });

  it("has slots again that are released, with or without a turn, and each once", async () => {
    const queue = new HashQueue(2);
    const slots = fill(queue, () => somebody());
    slots[0]?.release();
    slots[0]?.release();
    expect(fill(queue, () => somebody())).toHaveLength(1);
    await slots[1]?.turn();
    slots[1]?.release();
    slots[1]?.release();
    expect(fill(queue, () => somebody())).toHaveLength(1);
  });

  it("lets a known browser wait with the strangers when too many known ones wait: it is never worse off", () => {
    const queue = new HashQueue(2);
    fill(queue, () => somebody(true));
    expect(queue.reserveSlot(somebody()), "they took what the strangers had as well").toBeNull();
    const other = new HashQueue(2);
    for (let count = 1; count <= 32; count++) other.reserveSlot(somebody(true));
    expect(other.reserveSlot(somebody(true))).not.toBeNull();
  });

  it("gives one client half of the slots at most, a second one half of the rest, and no ten of them all", () => {
    const queue = new HashQueue(2);
    const of = (client: string) => () => ({ ...somebody(), client });
    expect(fill(queue, of("one"))).toHaveLength(32);
    expect(fill(queue, of("two"))).toHaveLength(16);
    for (let client = 3; client <= 6; client++) fill(queue, of(`client no. ${client}`));
    expect(queue.reserveSlot(somebody())).not.toBeNull();
  });

  it("gives one account a third at most, from wherever it is asked for", () => {
    const queue = new HashQueue(2);
    expect(fill(queue, () => ({ ...somebody(), account: "ada" }))).toHaveLength(22);
    expect(queue.reserveSlot({ ...somebody(), client: "home" })).not.toBeNull();
  });

  it("lets clients take turns, and accounts of one client: no one waits for all of another", async () => {
    const queue = new HashQueue(1);
    const out = occupy(queue);
    const ask = (client: string, account: string) =>
      take(queue.reserveSlot({ client, account, isKnown: false }), `${client} ${account}`);
    const asked = Array.from({ length: 6 }, () => ask("flood", "mallory"));
    asked.push(...["a", "b"].map((account) => ask("flood", account)), ask("home", "ada"));
    out[0]?.release();
    await Promise.all(asked);
    expect(order.slice(0, 5)).toEqual(["flood mallory", "home ada", "flood a", "flood b", "flood mallory"]);
  });

  it("serves two known browsers for each stranger, while both wait", async () => {
    const queue = new HashQueue(1);
    const out = occupy(queue);
    const asked = fill(queue, () => somebody()).map((slot) => take(slot, "stranger"));
    for (let count = 1; count <= 32; count++) asked.push(take(queue.reserveSlot(somebody(true)), "known"));
    out[0]?.release();
    await Promise.all(asked);
    const turns = order.slice(0, 48).join(" ").split("stranger");
    expect(turns.map((known) => known.trim())).toEqual([...Array(16).fill("known known"), ""]);
  });

  it("gives one client half of the threads at once at most, and one account two, whatever else waits", async () => {
    const queue = new HashQueue(8);
    const begun: string[] = [];
    const ask = (client: string, account: string) => {
      const slot = queue.reserveSlot({ client, account, isKnown: false }) as QueueSlot;
      void slot.turn().then(() => begun.push(`${client} ${account}`));
      return slot;
    };
    const ofAda = ["home", "work", "train"].map((client) => ask(client, "ada"));
    const ofOffice = [1, 2, 3, 4, 5, 6].map((person) => ask("office", `${person}`));
    await Promise.resolve();
    expect(begun).toEqual(["home ada", "work ada", "office 1", "office 2", "office 3", "office 4"]);
    ofOffice[0]?.release();
    ofAda[0]?.release();
    await take(queue.reserveSlot(somebody()), "somebody");
    expect(begun.slice(6).toSorted()).toEqual(["office 5", "train ada"]);
  });

  it("is overrun from when the strangers' slots were gone until half of them are free", () => {
    const queue = new HashQueue(1);
    const slots = fill(queue, () => somebody());
    expect(queue.isOverrun).toBe(true);
    release(slots.slice(0, 31));
    expect(queue.isOverrun).toBe(true);
    release(slots.slice(31, 32));
    expect(queue.isOverrun).toBe(false);
  });

  it("says how long those who wait take, longer where there are fewer threads", () => {
    const seconds = [1, 2, 64].map((threads) => {
      const queue = new HashQueue(threads);
      fill(queue, () => somebody());
      return queue.secondsToDrain;
    });
    expect(seconds).toEqual([16, 8, 1]);
    expect(new HashQueue(1).secondsToDrain).toBe(1);
  });
});

describe("hashQueue", () => {
  it("is one for the process, even for a second copy of this module", async () => {
    vi.resetModules();
    const copy = await import("./hash-queue");
    expect(copy.hashQueue).not.toBe(hashQueue);
    expect(copy.hashQueue()).toBe(hashQueue());
  });
});
