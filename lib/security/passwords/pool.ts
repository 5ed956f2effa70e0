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

/**
 * Threads that hash, each one job at a time, so that the main thread stays free for pages. They start when first
 * needed and never keep the process alive by themselves.
 */
export class HashPool {
  /** What the latest answer was worked out with; null before the first one. */
  library: JobResult["library"] | null = null;

  readonly #workers = new Map<Worker, Task | null>();
  readonly #waiting: Task[] = [];

  /** @param size threads at most: one per core, more would only compete for the cores */
  constructor(readonly size = availableParallelism()) {}

  /**
   * First come, first served: `HashQueue` says who comes.
   * @throws Error when a thread died over the job twice: once may be the thread's fault, twice is the job's.
   */
  run(job: { password: string; cost: number }): Promise<string>;
  run(job: { password: string; hash: string; decoys?: readonly string[] }): Promise<boolean>;
  run(job: Job): Promise<string | boolean>;
  run(job: Job): Promise<string | boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, isRetry: false, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idleWorker();
      if (!worker) return;
      const task = this.#waiting.shift() as Task;
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
      else if (task) this.#waiting.unshift({ ...task, isRetry: true });
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
