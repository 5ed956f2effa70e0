import { availableParallelism } from "node:os";
import { add, FairQueue, type Requester } from "./fair-queue";

/** A slot in the queue, reserved before it is known what to hash. It must be released, used or not. */
export interface QueueSlot {
  /** Resolves when its turn has come: from then until it is released few others have theirs. */
  turn(): Promise<void>;
  /** Before its turn it waits no more, and that never comes. Does nothing the second time. */
  release(): void;
}

interface Waiting {
  requester: Requester;
  begin(): void;
}

/** Requests that may wait: at cost 12 on two cores, eight seconds for the last of them. */
const STRANGERS = 64;

/** The same for known browsers, so that strangers cannot fill their queue. */
const KNOWN = 32;

/** Turns of one account at once; its others wait for these and keep nobody else from theirs. */
const TURNS_OF_ACCOUNT = 2;

/** How many of the threads one client may use at once: some are left for the next who comes. */
const SHARE_OF_CLIENT = 0.5;

/** While strangers wait, one of them follows after so many known browsers. */
const KNOWN_IN_A_ROW = 2;

/** One hash of cost 12 on one core with the slower library, in seconds; an estimate for Retry-After, not a promise. */
const SECONDS_PER_HASH = 0.25;

/** Who is hashed for next. Known browsers go before strangers, two for one, and within each kind {@link FairQueue} is fair. */
export class HashQueue {
  readonly #known = new FairQueue<Waiting>(KNOWN);
  readonly #strangers = new FairQueue<Waiting>(STRANGERS);
  readonly #turnsOfAccount = new Map<string, number>();
  readonly #turnsOfClient = new Map<string, number>();
  #turns = 0;
  #knownInARow = 0;
  #isOverrun = false;

  /** @param threads that hash. One turn more than these is out at a time, so that none is idle while its next one is counted. */
  constructor(readonly threads = availableParallelism()) {}

  /**
   * True from when the strangers' queue was full until half of it is done. Work that will need a hash is better not begun
   * then: if it were let in again with the first free slot, most of it would find that slot taken.
   */
  get isOverrun(): boolean {
    return this.#isOverrun;
  }

  /** How long those who wait now will take, in whole seconds and at least one. */
  get secondsToDrain(): number {
    const waiting = this.#known.reserved + this.#strangers.reserved;
    return Math.max(1, Math.ceil((waiting * SECONDS_PER_HASH) / this.threads));
  }

  /** Reserves a slot; null when there is none for this one. */
  reserveSlot(requester: Requester): QueueSlot | null {
    const queue = this.#queueFor(requester);
    if (!queue) return null;
    queue.reserve(requester);
    this.#noteLoad();
    const isKnown = queue === this.#known;
    let turn: Promise<void> | null = null;
    let waiting: Waiting | null = null;
    let isReleased = false;
    return {
      turn: () => {
        turn ??= new Promise((resolve) => {
          const begin = () => {
            waiting = null;
            resolve();
          };
          waiting = { requester: { ...requester, isKnown }, begin };
          queue.push(requester, waiting);
          this.#serve();
        });
        return turn;
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        if (turn && !waiting) return this.#end(requester);
        if (waiting) queue.remove(requester, waiting);
        queue.release(requester);
        this.#noteLoad();
      },
    };
  }

  /** A known browser waits with the strangers when too many others wait before it: it is never worse off than they are. */
  #queueFor(requester: Requester): FairQueue<Waiting> | null {
    if (requester.isKnown) {
      if (this.#known.isFullForAccount(requester) && !this.#known.isFull) return null;
      if (!this.#known.isFullForClient(requester)) return this.#known;
    }
    const isFull = this.#strangers.isFullForClient(requester) || this.#strangers.isFullForAccount(requester);
    return isFull ? null : this.#strangers;
  }

  #serve(): void {
    while (this.#turns <= this.threads) {
      const next = this.#next();
      if (!next) return;
      this.#countTurn(next.requester, 1);
      next.begin();
    }
  }

  #end(requester: Requester): void {
    this.#countTurn(requester, -1);
    this.#serve();
  }

  #countTurn({ client, account }: Requester, change: 1 | -1): void {
    this.#turns += change;
    add(this.#turnsOfClient, client, change);
    add(this.#turnsOfAccount, account, change);
  }

  /** Undefined when no one waits, or none but of clients and accounts that have their turns already. */
  #next(): Waiting | undefined {
    const isStrangersTurn = this.#knownInARow >= KNOWN_IN_A_ROW;
    const queues = isStrangersTurn ? [this.#strangers, this.#known] : [this.#known, this.#strangers];
    for (const queue of queues) {
      const next = queue.shift(
        ({ client, account }) =>
          (this.#turnsOfClient.get(client) ?? 0) < Math.max(1, this.threads * SHARE_OF_CLIENT) &&
          (this.#turnsOfAccount.get(account) ?? 0) < TURNS_OF_ACCOUNT,
      );
      if (!next) continue;
      this.#noteLoad();
      this.#knownInARow = next.requester.isKnown ? this.#knownInARow + 1 : 0;
      return next;
    }
  }

  #noteLoad(): void {
    if (this.#strangers.isFull) this.#isOverrun = true;
    else if (this.#strangers.reserved <= STRANGERS / 2) this.#isOverrun = false;
  }
}

const shared = globalThis as typeof globalThis & { latchkeyHashQueue?: HashQueue };

/** The one queue of this process: a second bundle of this file finds the same one. */
export function hashQueue(): HashQueue {
  shared.latchkeyHashQueue ??= new HashQueue();
  return shared.latchkeyHashQueue;
}
