import { createServer } from "node:net";
import { setImmediate as afterArrivals, setTimeout as delay } from "node:timers/promises";
import { ConfigurationError } from "../platform/configuration-error";
import type { Env } from "../platform/env";
import { log, logError } from "../platform/log";
import { GRACE_MS } from "./app";
import { HandOut } from "./hand-out";
import { listen } from "./listen";
import { applyMigrations } from "./prepare";
import { isOnTerminal } from "./terminal";
import { startWorker, UnstartedError } from "./worker-process";
import { Workers } from "./workers";

/** How much longer than its grace a process may take to end before it is killed, in milliseconds. */
const MARGIN_MS = 2_000;

/** How often to look whether a stop may begin, in milliseconds: connections that were accepted are handed out first. */
const LOOK_EVERY_MS = 10;

/**
 * Serves from several processes, and is their primary: it accepts the connections, and has what there must be one of on a
 * machine, the queue and the threads of hashes, the turns of pictures and the counts of the burst limit. Resolves once one process serves; the
 * others start beside it.
 * @param prepareBuild makes the build where the code has changed, before new processes take it
 * @throws ConfigurationError where the port is taken, or the first process cannot start
 */
export async function serveFromWorkers(settings: Env, prepareBuild: () => Promise<void>): Promise<void> {
  const handOut = new HandOut();
  const workers = new Workers({ count: settings.processes, start: startWorker, handOut });
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (connection) => {
    connection.on("error", () => {}); // its end; the process it is given to hears of it
    handOut.push(connection);
  });
  await workers.begin().catch((error: unknown) => {
    if (!(error instanceof UnstartedError)) throw error;
    if (error.how === "exit code 1") process.exit(1); // it has said why
    throw new ConfigurationError(`${error.message}.`);
  });
  await listen(server, settings);

  const stop = once(async () => {
    await afterArrivals(); // who waits to be accepted is, before nobody listens
    server.close();
    const end = performance.now() + GRACE_MS;
    while (handOut.waiting > 0 && performance.now() < end) await delay(LOOK_EVERY_MS);
    await workers.stop(end - performance.now() + MARGIN_MS);
    process.exit(0);
  });
  const reload = oneAtATime(async () => {
    log().info("Replacing every process by a new one");
    try {
      await prepareBuild();
      await applyMigrations(settings);
      await workers.replaceAll();
      log().info("Every process is a new one");
    } catch (error) {
      log().error("The processes that serve go on: no new one can take their place");
      logError(error);
    }
  });
  process
    .on("SIGINT", stop)
    .on("SIGTERM", stop)
    .on("SIGHUP", isOnTerminal() ? stop : reload);
}

function once(work: () => Promise<void>): () => void {
  let isDone = false;
  return () => {
    if (!isDone) void work();
    isDone = true;
  };
}

/** Does it again afterwards when it is asked for meanwhile, however often that is. */
function oneAtATime(work: () => Promise<void>): () => void {
  let [isBusy, isAgain] = [false, false];
  const run = async () => {
    isBusy = true;
    do {
      isAgain = false;
      await work();
    } while (isAgain);
    isBusy = false;
  };
  return () => {
    if (isBusy) isAgain = true;
    else void run();
  };
}
