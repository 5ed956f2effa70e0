import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { add, FairQueue, type Places, type Requester } from "./fair-queue";

/**
 * Make a hash of this cost, or compare the password with this hash and, unless it fits, with these decoys for the sake of
 * their work. The pool expects all of them to be well formed.
 */
export type Job =
  | { password: string; cost: number }
  | { password: string; hash: string; decoys?: readonly string[] };

/** What a worker answers: the new hash or the verdict, and the library that worked it out. */
export type JobResult = { result: string | boolean; library: "@node-rs/bcrypt" | "bcryptjs" };

type Task = {
  job: Job;
  requester: Requester;
  isRetry: boolean;
  resolve: (result: string | boolean) => void;
  reject: (error: Error) => void;
};

/** A slot in the queue, reserved before it is known what to compare. A slot that is not used must be released. */
export interface HashSlot {
  /** Compares, in this slot; a password that does not fit is compared with the decoys as well, for the same work. */
  verify(password: string, hash: string, decoys?: readonly string[]): Promise<boolean>;
  /** Does nothing when the slot was used or released before. */
  release(): void;
}

/**
 * Jobs that may wait when every thread is busy: at cost 12 on two cores, eight seconds for the last of them. One client may
 * fill three quarters, for the office that begins its day: it is one address.
 */
const STRANGERS: Places = { all: 64, ofClient: 48, ofAccount: 24 };

/** The same for known browsers, so that strangers cannot fill their queue. */
const KNOWN: Places = { all: 32, ofClient: 16, ofAccount: 8 };

/** Jobs of one account that are in work at once; its others wait for these and take nobody's turn. */
const IN_WORK_OF_ACCOUNT = 2;

/** While strangers wait, the job of one of them follows after so many of known browsers. */
const KNOWN_IN_A_ROW = 2;

/** One hash of cost 12 on one core with the slower library, in seconds; an estimate for Retry-After, not a promise. */
const SECONDS_PER_JOB = 0.25;

const SOMEBODY: Requester = { client: "", account: null, isKnown: false };

/**
 * Threads that hash, each one job at a time, so that the main thread stays free for pages. They start when first
 * needed and never keep the process alive by themselves.
 */
export class HashPool {
  /** What the latest answer was worked out with; null before the first one. */
  library: JobResult["library"] | null = null;

  readonly #workers = new Map<Worker, Task | null>();
  readonly #known = new FairQueue<Task>(KNOWN);
  readonly #strangers = new FairQueue<Task>(STRANGERS);
  /** Jobs whose thread has died over them; they go before all others. */
  readonly #retries: Task[] = [];
  readonly #inWork = new Map<string, number>();
  #knownInARow = 0;
  #isOverrun = false;

  /** @param size threads at most: one per core, more would only compete for the cores */
  constructor(readonly size = availableParallelism()) {}

  /** True when another job of this one would have to wait behind a full queue. Ask before `run`. */
  isFull(requester: Requester = SOMEBODY): boolean {
    return this.#queueOf(requester).isFullFor(requester);
  }

  /**
   * True from when the strangers' queue was full until half of it is done. Work that will need a hash is better not begun
   * then: if it were let in again with the first free slot, most of it would find that slot taken.
   */
  get isOverrun(): boolean {
    return this.#isOverrun;
  }

  /** How long a full queue takes to empty, in whole seconds. */
  get secondsToDrain(): number {
    return Math.ceil((STRANGERS.all * SECONDS_PER_JOB) / this.size);
  }

  /** Reserves a slot; null when the queue is full for this one. */
  reserveSlot(requester: Requester = SOMEBODY): HashSlot | null {
    const queue = this.#queueOf(requester);
    if (queue.isFullFor(requester)) return null;
    queue.hold(requester);
    this.#noteLoad();
    let isReserved = true;
    const release = () => {
      if (!isReserved) return;
      isReserved = false;
      queue.release(requester);
      this.#noteLoad();
    };
    return {
      release,
      verify: (password, hash, decoys = []) => {
        release();
        return this.run({ password, hash, decoys }, requester);
      },
    };
  }

  /** @throws Error when a thread died over the job twice: once may be the thread's fault, twice is the job's. */
  run(job: { password: string; cost: number }, requester?: Requester): Promise<string>;
  run(
    job: { password: string; hash: string; decoys?: readonly string[] },
    requester?: Requester,
  ): Promise<boolean>;
  run(job: Job, requester: Requester = SOMEBODY): Promise<string | boolean> {
    return new Promise((resolve, reject) => {
      this.#queueOf(requester).push(requester, { job, requester, isRetry: false, resolve, reject });
      this.#dispatch();
      this.#noteLoad();
    });
  }

  #queueOf({ isKnown }: Requester): FairQueue<Task> {
    return isKnown ? this.#known : this.#strangers;
  }

  #noteLoad(): void {
    if (this.#strangers.isFull) this.#isOverrun = true;
    else if (this.#strangers.held <= STRANGERS.all / 2) this.#isOverrun = false;
  }

  #dispatch(): void {
    while (this.#hasIdleThread()) {
      const task = this.#retries.shift() ?? this.#nextTask();
      if (!task) return;
      this.#noteLoad();
      const worker = this.#idleWorker() ?? this.#start();
      this.#assign(worker, task);
      worker.ref(); // a script that awaits its hash must not end before it
      worker.postMessage(task.job);
    }
  }

  /** Undefined when no job waits, or none but of accounts that have as many in work as they may. */
  #nextTask(): Task | undefined {
    const isStrangersTurn = this.#knownInARow >= KNOWN_IN_A_ROW;
    const queues = isStrangersTurn ? [this.#strangers, this.#known] : [this.#known, this.#strangers];
    for (const queue of queues) {
      const task = queue.shift((account) => account === null || this.#mayHaveMoreInWork(account));
      if (!task) continue;
      this.#knownInARow = task.requester.isKnown ? this.#knownInARow + 1 : 0;
      return task;
    }
  }

  #mayHaveMoreInWork(account: string): boolean {
    return (this.#inWork.get(account) ?? 0) < IN_WORK_OF_ACCOUNT;
  }

  /** Gives a thread its task, or null: none. Answers the one it had. */
  #assign(worker: Worker, task: Task | null): Task | null {
    const previous = this.#workers.get(worker) ?? null;
    this.#workers.set(worker, task);
    this.#countInWork(task, 1);
    this.#countInWork(previous, -1);
    return previous;
  }

  #countInWork(task: Task | null, change: 1 | -1): void {
    const account = task?.requester.account ?? null;
    if (account !== null) add(this.#inWork, account, change);
  }

  #hasIdleThread(): boolean {
    return this.#workers.size < this.size || this.#idleWorker() !== undefined;
  }

  #idleWorker(): Worker | undefined {
    for (const [worker, task] of this.#workers) if (!task) return worker;
  }

  #start(): Worker {
    // The bundler looks for this expression, word for word. An execArgv of its own, or the server's flags apply.
    const worker = new Worker(new URL("./bcrypt.worker.mjs", import.meta.url), { execArgv: [] });
    let cause: unknown;
    worker.on("message", ({ result, library }: JobResult) => {
      const task = this.#assign(worker, null);
      worker.unref();
      this.library = library;
      task?.resolve(result);
      this.#dispatch();
    });
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      const task = this.#assign(worker, null);
      this.#workers.delete(worker);
      if (task?.isRetry) task.reject(new Error("A hashing thread died twice over one job", { cause }));
      else if (task) this.#retries.push({ ...task, isRetry: true });
      this.#dispatch();
    });
    return worker;
  }
}

const shared = globalThis as typeof globalThis & { latchkeyHashPool?: HashPool };

/** The one pool of this process: a reload in development or a second bundle of this file finds the same threads. */
export function hashPool(): HashPool {
  shared.latchkeyHashPool ??= new HashPool();
  return shared.latchkeyHashPool;
}
