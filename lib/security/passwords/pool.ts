import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

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

/** Jobs that may wait when every thread is busy: at cost 12 on two cores, eight seconds for the last of them. */
const QUEUE_LIMIT = 64;

/** The same for those that go first, so that strangers cannot fill their queue. */
const FIRST_LIMIT = 16;

/** One hash of cost 12 on one core with the slower library, in seconds; an estimate for Retry-After, not a promise. */
const SECONDS_PER_JOB = 0.25;

/**
 * Threads that hash, each one job at a time, so that the main thread stays free for pages. They start when first
 * needed and never keep the process alive by themselves.
 */
export class HashPool {
  /** What the latest answer was worked out with; null before the first one. */
  library: JobResult["library"] | null = null;

  readonly #workers = new Map<Worker, Task | null>();
  readonly #first: Task[] = [];
  readonly #waiting: Task[] = [];
  /** Slots reserved for jobs that are still to come. */
  readonly #reserved = { first: 0, waiting: 0 };
  #isOverrun = false;

  /** @param size threads at most: one per core, more would only compete for the cores */
  constructor(readonly size = availableParallelism()) {}

  /** True when another job would have to wait behind a full queue. Ask before `run`. */
  isFull(goesFirst = false): boolean {
    return goesFirst
      ? this.#first.length + this.#reserved.first >= FIRST_LIMIT
      : this.#waiting.length + this.#reserved.waiting >= QUEUE_LIMIT;
  }

  /**
   * True from when the queue was full until half of it is done. Work that will need a hash is better not begun then: if
   * it were let in again with the first free slot, most of it would find that slot taken.
   */
  get isOverrun(): boolean {
    return this.#isOverrun;
  }

  /** How long a full queue takes to empty, in whole seconds. */
  get secondsToDrain(): number {
    return Math.ceil((QUEUE_LIMIT * SECONDS_PER_JOB) / this.size);
  }

  /** Reserves a slot; null when the queue is full. */
  reserveSlot(goesFirst = false): HashSlot | null {
    if (this.isFull(goesFirst)) return null;
    const kind = goesFirst ? "first" : "waiting";
    this.#reserved[kind]++;
    this.#noteLoad();
    let isReserved = true;
    const release = () => {
      if (!isReserved) return;
      isReserved = false;
      this.#reserved[kind]--;
      this.#noteLoad();
    };
    return {
      release,
      verify: (password, hash, decoys = []) => {
        release();
        return this.run({ password, hash, decoys }, goesFirst);
      },
    };
  }

  /**
   * @param goesFirst before all those that do not
   * @throws Error when a thread died over the job twice: once may be the thread's fault, twice is the job's.
   */
  run(job: { password: string; cost: number }, goesFirst?: boolean): Promise<string>;
  run(
    job: { password: string; hash: string; decoys?: readonly string[] },
    goesFirst?: boolean,
  ): Promise<boolean>;
  run(job: Job, goesFirst = false): Promise<string | boolean> {
    return new Promise((resolve, reject) => {
      const queue = goesFirst ? this.#first : this.#waiting;
      queue.push({ job, isRetry: false, resolve, reject });
      this.#dispatch();
      this.#noteLoad();
    });
  }

  #noteLoad(): void {
    if (this.isFull()) this.#isOverrun = true;
    else if (this.#waiting.length + this.#reserved.waiting <= QUEUE_LIMIT / 2) this.#isOverrun = false;
  }

  #dispatch(): void {
    while (this.#first.length + this.#waiting.length > 0) {
      const worker = this.#idleWorker();
      if (!worker) return;
      const task = (this.#first.shift() ?? this.#waiting.shift()) as Task;
      this.#noteLoad();
      this.#workers.set(worker, task);
      worker.ref(); // a script that awaits its hash must not end before it
      worker.postMessage(task.job);
    }
  }

  #idleWorker(): Worker | undefined {
    for (const [worker, task] of this.#workers) if (!task) return worker;
    if (this.#workers.size < this.size) return this.#start();
  }

  #start(): Worker {
    // The bundler looks for this expression, word for word. An execArgv of its own, or the server's flags apply.
    const worker = new Worker(new URL("./bcrypt.worker.mjs", import.meta.url), { execArgv: [] });
    let cause: unknown;
    worker.on("message", ({ result, library }: JobResult) => {
      const task = this.#workers.get(worker);
      this.#workers.set(worker, null);
      worker.unref();
      this.library = library;
      task?.resolve(result);
      this.#dispatch();
    });
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      const task = this.#workers.get(worker);
      this.#workers.delete(worker);
      if (task?.isRetry) task.reject(new Error("A hashing thread died twice over one job", { cause }));
      else if (task) this.#first.unshift({ ...task, isRetry: true });
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
