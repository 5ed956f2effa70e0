import "server-only";
import { HOUR_MS, SECOND_MS } from "../shared/units";
import { db } from "./db";
import { logAvailable, logUnavailable } from "./log";
import { databaseFailure, isLost } from "./outages";

/** How long the database may take to answer, in milliseconds. Visitors would not wait longer either. */
const TIMEOUT_MS = 2_000;

/** A write is tried at most this often, in milliseconds, however many ask: a flood of checks is no flood of writes. */
const WRITE_EVERY_MS = 1_000;

/** How often to look whether a lost database is back, in milliseconds. */
const LOOK_EVERY_MS = 5 * SECOND_MS;

/** When to ask again after a refusal, in seconds. */
export const READY_RETRY_S = 5;

/** What a database must do for the app to be ready. Each throws when it cannot. */
interface Work {
  read(): Promise<unknown>;
  write(): Promise<unknown>;
}

/** The write is of a row among the rate limits, where every form begins by writing one: what stops those stops this. */
const work: Work = {
  read: () => db.$queryRaw`SELECT 1`,
  write() {
    const expire = new Date(Date.now() + HOUR_MS); // the clean-up removes it where no one asks any more
    return db.rateLimit.upsert({
      where: { key: "ready" },
      create: { key: "ready", points: 0, expire },
      update: { expire },
      select: { key: true },
    });
  },
};

/** Before the first write, and after an outage. */
const UNWRITTEN = { at: Number.NEGATIVE_INFINITY, isDone: false };

/** The check under way, with its answer in time; and how the last write went. */
let checking: Promise<boolean> | undefined;
let written = UNWRITTEN;

/**
 * Whether the database answers and can be written to. A check at a time serves all who ask meanwhile: one that hangs is not
 * followed by others.
 */
export function isReady({ read, write }: Work = work): Promise<boolean> {
  if (checking) return checking;
  const check = canReadAndWrite(read, write);
  checking = inTime(check);
  void check.finally(() => {
    checking = undefined;
  });
  return checking;
}

async function canReadAndWrite(read: Work["read"], write: Work["write"]): Promise<boolean> {
  if (!(await succeeds(read))) {
    written = UNWRITTEN;
    return false;
  }
  const now = performance.now(); // not the wall clock, which can be set back
  if (now - written.at < WRITE_EVERY_MS) return written.isDone;
  written = { at: now, isDone: await succeeds(write) };
  if (written.isDone) logAvailable("database");
  return written.isDone;
}

function succeeds(query: () => Promise<unknown>): Promise<boolean> {
  return query().then(
    () => true,
    (error: unknown) => {
      logUnavailable(databaseFailure(error), {}, true); // a proxy may have sent all visitors elsewhere: no one else would tell
      return false;
    },
  );
}

/** Next loads this module again after an edit in development; one timer is enough. */
const shared = globalThis as { latchkeyWatch?: NodeJS.Timeout };

/** From now on looks whether a lost database is back, so that the log has a line about it also when nobody comes. */
export function startWatching(): void {
  shared.latchkeyWatch ??= setInterval(() => isLost("database") && void isReady(), LOOK_EVERY_MS).unref();
}

function inTime(answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, TIMEOUT_MS, false);
  });
  return Promise.race([answer, timeout]).finally(() => clearTimeout(timer));
}
