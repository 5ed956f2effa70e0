import { fork } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { TurnsOfWorker } from "../accounts/picture-queue";
import { Line } from "../platform/ipc";
import { logError, relayLine } from "../platform/log";
import { SlotsOfWorker } from "../security/passwords/hashing";
import { countForm } from "./burst-limit";
import type { Taker } from "./hand-out";
import { ROOT } from "./root";

/** To be raised when what the two processes tell each other changes: after an upgrade the primary is of the release before. */
export const LINE_VERSION = "1";

/** A worker ended before it could answer. It has said why, unless a signal ended it. */
export class UnstartedError extends Error {
  override readonly name = "UnstartedError";

  /** @param how it ended, as {@link Worker.ended} */
  constructor(readonly how: string) {
    super(`A process that should answer requests ended before it could (${how})`);
  }
}

/** A process that answers requests, as its primary has it. */
export interface Worker extends Taker {
  readonly pid: number | undefined;
  /** Resolves when it can answer. Rejects when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves with how it ended, in words, when all that it has logged is written. */
  readonly ended: Promise<string>;
  tell(name: "takeBackground" | "wakeBackground" | "leave" | "stop"): void;
  kill(): void;
}

/** What a worker asks of its primary besides hashes and counts. */
export interface Requests {
  /** It has the connection that it was given under this number. */
  tookConnection(worker: Worker, number: number): void;
  /** It lives and takes no connection. */
  takesNone(worker: Worker): void;
  /** It was told to stop, by somebody else than its primary. */
  leaving(worker: Worker): void;
  /** Something is due for the one that does the background work. */
  wakeBackground(): void;
}

/**
 * Room for what a request needs and nothing after it, in MB; Node gives half of that. A page takes some 2 MB, so less of what is
 * still needed is moved about. `npm start` in package.json says the same for a single process.
 */
const YOUNG_HEAP = "--max-semi-space-size=32";

/** Starts a worker. What it has in the queues of hashes and pictures when it ends is free then. */
export function startWorker(requests: Requests): Worker {
  const preload = pathToFileURL(join(import.meta.dirname, "end-with-parent.mjs")).href;
  const child = fork(join(ROOT, "lib/cli/run.mjs"), ["../server/worker", LINE_VERSION], {
    cwd: ROOT,
    execArgv: [...process.execArgv, YOUNG_HEAP, "--import", preload],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const slots = new SlotsOfWorker();
  const pictures = new TurnsOfWorker();
  child.once("exit", () => {
    slots.releaseAll();
    pictures.endAll();
  });
  if (child.stdout) createInterface({ input: child.stdout }).on("line", relayLine);
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => {
      if (child.pid === undefined)
        resolve(error.message); // it could not be started
      else logError(error); // it lives, whatever failed; there may be more than one
    });
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  let beReady = () => {};
  const ready = new Promise<void>((resolve, reject) => {
    beReady = resolve;
    void ended.then((how) => reject(new UnstartedError(how)));
  });
  ready.catch(() => {}); // one that is stopped while it starts is missed by nobody

  const line = new Line(child, {
    ...slots.answers,
    ...pictures.answers,
    countForm,
    ready: () => beReady(),
    tookConnection: (number: number) => requests.tookConnection(worker, number),
    leaving: () => requests.leaving(worker),
    wakeBackground: () => requests.wakeBackground(),
  });
  const worker: Worker = {
    pid: child.pid,
    ready,
    ended,
    give: (connection, number) => line.tell("connection", number, connection),
    giveUp: () => requests.takesNone(worker),
    tell: (name) => line.tell(name),
    kill: () => void child.kill("SIGKILL"),
  };
  return worker;
}
