import { log } from "../platform/log";
import { MINUTE_MS, SECOND_MS } from "../shared/units";
import type { HandOut } from "./hand-out";
import { type Requests, UnstartedError, type Worker } from "./worker-process";

/** A process that has served so long did not end because it cannot serve, in milliseconds. */
const STEADY_MS = MINUTE_MS;

/** The first and the longest pause before another takes the place of one that ended, where several have ended in a row. */
const PAUSE_MS = { first: SECOND_MS, longest: 30 * SECOND_MS } as const;

/** How long one that takes no connections may go on with those it has, in milliseconds: longer than any that leaves needs. */
export const ENDED_WITHIN_MS = 3 * MINUTE_MS;

interface Options {
  /** How many are to serve. */
  count: number;
  start: (requests: Requests) => Worker;
  handOut: HandOut;
}

/**
 * Keeps so many processes serving: starts another where one has ended, after pauses that grow where they end again and again,
 * and replaces all of them without losing a request. One of those that serve does the background work.
 */
export class Workers implements Requests {
  readonly #options: Options;
  /** When each of those that are given connections began to serve; the oldest first. */
  readonly #serving = new Map<Worker, number>();
  readonly #starting = new Set<Worker>();
  /** Every one that has not ended: those that leave, too. */
  readonly #alive = new Set<Worker>();
  #inBackground: Worker | null = null;
  /** Places for which another one is being started. */
  #filling = 0;
  /** How many have ended in a row before they had served for long. */
  #failures = 0;
  /** True from when one ended, and from the start, until all serve. */
  #isShort = true;
  #isStopping = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Starts the first, and then the others beside it. @throws Error with how the first one ended, where it never served */
  async begin(): Promise<void> {
    await this.#startOne();
    this.#fill();
  }

  /**
   * Replaces each by a new one, one after the other, and each leaves when the new one serves.
   * @throws Error with how a new one ended, where it never served: the rest go on
   */
  async replaceAll(): Promise<void> {
    for (const former of [...this.#serving.keys()])
      if (this.#serving.has(former) && !this.#isStopping) await this.#startOne();
  }

  /** Tells all of them to finish their answers, and resolves when they have ended; ends those that have not in time. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    for (const worker of this.#alive)
      if (this.#starting.has(worker)) worker.kill();
      else worker.tell("stop");
    const all = Promise.all([...this.#alive].map(({ ended }) => ended));
    await Promise.race([all, delay(graceMs)]);
    for (const worker of this.#alive) worker.kill();
    await all;
  }

  tookConnection(worker: Worker, number: number): void {
    this.#options.handOut.taken(worker, number);
  }

  /** Another takes its place. It may finish what it has, and is ended where it does not. */
  takesNone(worker: Worker): void {
    if (!this.#serving.has(worker)) return;
    this.#countFailure(worker);
    this.#dismiss(worker, "leave");
    this.#tellEnd("it took no connection", "has to leave", worker);
    const patience = setTimeout(() => worker.kill(), ENDED_WITHIN_MS);
    void worker.ended.then(() => clearTimeout(patience));
    this.#fill();
  }

  leaving(worker: Worker): void {
    this.#dismiss(worker, "stop");
    this.#fill();
  }

  wakeBackground(): void {
    this.#inBackground?.tell("wakeBackground");
  }

  /** Resolves when it serves. One too many then leaves: the one that has served longest. */
  async #startOne(): Promise<void> {
    const { start, count, handOut } = this.#options;
    const worker = start(this);
    this.#alive.add(worker);
    this.#starting.add(worker);
    void worker.ended.then((how) => this.#forget(worker, how));
    await worker.ready.finally(() => this.#starting.delete(worker));
    if (this.#isStopping) return;
    this.#serving.set(worker, performance.now());
    handOut.add(worker);
    this.#inBackground ??= this.#giveBackground();
    if (this.#isShort && this.#serving.size === count) {
      this.#isShort = false;
      log().info(`${count} processes answer requests`);
    }
    const [oldest] = this.#serving.keys();
    if (oldest && this.#serving.size > count) this.#dismiss(oldest, "leave");
  }

  /** Starts as many as are missing. */
  #fill(): void {
    while (!this.#isStopping && this.#serving.size + this.#filling < this.#options.count) {
      this.#filling++;
      void this.#fillPlace();
    }
  }

  async #fillPlace(): Promise<void> {
    try {
      await delay(this.#pauseMs());
      if (!this.#isStopping && this.#serving.size < this.#options.count) await this.#startOne();
    } catch (error) {
      this.#failures++;
      this.#tellEnd(error instanceof UnstartedError ? error.how : String(error), "could not start");
    }
    this.#filling--;
    this.#fill();
  }

  #pauseMs(): number {
    if (this.#failures < 2) return 0;
    return Math.min(PAUSE_MS.first * 2 ** (this.#failures - 2), PAUSE_MS.longest);
  }

  #forget(worker: Worker, how: string): void {
    this.#alive.delete(worker);
    this.#options.handOut.drop(worker);
    if (!this.#serving.has(worker)) return; // it was to leave, or never served
    this.#countFailure(worker);
    this.#dismiss(worker, null);
    this.#tellEnd(how, "ended", worker);
    this.#fill();
  }

  #countFailure(worker: Worker): void {
    const servedMs = performance.now() - (this.#serving.get(worker) ?? 0);
    this.#failures = servedMs < STEADY_MS ? this.#failures + 1 : 1;
  }

  /** Gives it no more connections, and its background work to another one. */
  #dismiss(worker: Worker, word: "leave" | "stop" | null): void {
    this.#serving.delete(worker);
    this.#isShort ||= this.#serving.size < this.#options.count;
    this.#options.handOut.pass(worker);
    if (this.#inBackground === worker) this.#inBackground = this.#giveBackground();
    if (word !== null) worker.tell(word);
  }

  /** The newest gets it: it will serve longest. */
  #giveBackground(): Worker | null {
    const newest = [...this.#serving.keys()].at(-1) ?? null;
    newest?.tell("takeBackground");
    return newest;
  }

  #tellEnd(how: string, what: string, { pid }: Partial<Worker> = {}): void {
    if (this.#isStopping) return;
    log().error(
      { worker: pid, how, pauseMs: this.#pauseMs() },
      `A process that answers requests ${what}; another one takes its place`,
    );
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
