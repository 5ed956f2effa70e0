import { type Line, primary } from "../../platform/ipc";
import type { Requester } from "./fair-queue";
import { hashQueue, type QueueSlot } from "./hash-queue";
import { hashPool, type Job } from "./pool";

/** A slot in the machine's queue, and what hashes when its turn has come. */
export interface HashSlot extends QueueSlot {
  run(job: Job): Promise<string | boolean>;
}

/** How a request is refused for which there is no slot. */
export interface HashRefusal {
  retryAfterSeconds: number;
}

/**
 * Reserves a slot in the one queue of the machine: here, or in the primary where this process is a worker of it. There are
 * as many threads as cores, and not so many times the workers, and what the queue promises holds for all of them together.
 */
export async function reserveSlot(requester: Requester): Promise<HashSlot | HashRefusal> {
  const line = primary();
  return line ? reserveThere(line, requester) : reserveHere(requester);
}

function reserveHere(requester: Requester): HashSlot | HashRefusal {
  const slot = hashQueue().reserveSlot(requester);
  if (!slot) return { retryAfterSeconds: hashQueue().secondsToDrain };
  return { ...slot, run: (job) => hashPool().run(job) };
}

async function reserveThere(line: Line, requester: Requester): Promise<HashSlot | HashRefusal> {
  const reserved = await line.call<number | HashRefusal>("reserveHashSlot", requester);
  if (typeof reserved !== "number") return reserved;
  let turn: Promise<void> | null = null;
  return {
    turn: () => {
      turn ??= line.call("awaitHashTurn", reserved);
      return turn;
    },
    run: (job) => line.call("hash", { slot: reserved, job }),
    release: () => line.tell("releaseHashSlot", reserved),
  };
}

/** The slots of one worker, by number, as the primary has them. */
export class SlotsOfWorker {
  readonly #slots = new Map<number, HashSlot>();
  #last = 0;

  readonly answers = {
    reserveHashSlot: (requester: Requester): number | HashRefusal => {
      const slot = reserveHere(requester);
      if ("retryAfterSeconds" in slot) return slot;
      this.#slots.set(++this.#last, slot);
      return this.#last;
    },
    awaitHashTurn: (slot: number) => this.#find(slot).turn(),
    hash: ({ slot, job }: { slot: number; job: Job }) => this.#find(slot).run(job),
    releaseHashSlot: (slot: number) => {
      this.#slots.get(slot)?.release();
      this.#slots.delete(slot);
    },
  };

  /** Gives back those that a worker had when it ended. */
  releaseAll(): void {
    for (const slot of this.#slots.values()) slot.release();
    this.#slots.clear();
  }

  #find(slot: number): HashSlot {
    const found = this.#slots.get(slot);
    if (!found) throw new Error("There is no such slot in the hashing queue");
    return found;
  }
}
