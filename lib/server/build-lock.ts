import { closeSync, mkdirSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "libsql";
import { ConfigurationError } from "../platform/configuration-error";
import { isSqliteBusy } from "../platform/db/errors";

/** How often to ask for a lock that another process has, in milliseconds. */
const ASK_EVERY_MS = 500;

/** How long to wait for another build, in milliseconds. One takes half a minute, and several on a small machine. */
const WAIT_MS = 10 * 60_000;

export interface LockOptions {
  waitMs?: number;
  /** Called once, when another process has the lock. `pid`: its number in its own container; null: unknown. */
  onWait?: (pid: number | null) => void;
}

/**
 * Does `work` while no other process does, waiting for its end where one is at it.
 *
 * The lock is an exclusive transaction on an empty SQLite file, which is a lock of the operating system: it ends with the
 * process that has it, however that ends, so there is nothing to find stale, no number of a process that another has
 * meanwhile (every container has a process 1), and no heartbeat. proper-lockfile, the usual package, needs all three and
 * had its last release in 2021; Node has no file locks of its own.
 *
 * @throws ConfigurationError when the file cannot be written, or the other takes too long
 */
export async function exclusively<T>(
  file: string,
  work: () => Promise<T>,
  { waitMs = WAIT_MS, onWait = () => {} }: LockOptions = {},
): Promise<T> {
  makeWritable(file);
  const end = Date.now() + waitMs;
  let lock = tryLock(file);
  if (!lock) onWait(holderOf(file));
  while (!lock) {
    if (Date.now() > end)
      throw new ConfigurationError(
        `Another build (pid ${holderOf(file) ?? "unknown"}) has not ended for ${Math.round(waitMs / 1000)} seconds: look at what it is doing, then start again.`,
      );
    await sleep(Math.min(ASK_EVERY_MS, waitMs));
    lock = tryLock(file);
  }
  try {
    writeFileSync(pidFile(file), String(process.pid));
    return await work();
  } finally {
    lock.close();
  }
}

/** Null while another has it. */
function tryLock(file: string): Database.Database | null {
  const lock = new Database(file, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (isSqliteBusy(error)) return null;
    throw cannotWrite(dirname(file), error); // a file system without locks
  }
}

/** True while a process has a read transaction on that file, as every server has on one of its build. */
export function isShared(file: string): boolean {
  try {
    const lock = tryLock(file);
    lock?.close();
    return lock === null;
  } catch {
    return false; // where no lock is, none is shared
  }
}

/** Asked of the file system, whose answers have names; SQLite's say only that the file cannot be opened. */
function makeWritable(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, "a"));
    if (statSync(file).size > 0) truncateSync(file); // no lock of ours has anything in it, and SQLite would read it
  } catch (error) {
    throw cannotWrite(dirname(file), error);
  }
}

/** Says why there is no build and can be none. */
export function cannotWrite(folder: string, error: unknown): ConfigurationError {
  const { code } = error as NodeJS.ErrnoException;
  return new ConfigurationError(
    `There is no build of this code, and none can be made: ${folder} cannot be written to (${code}). Run \`npm run build\` as a user who may.`,
  );
}

/** For a message alone: nothing is decided by it. */
function holderOf(file: string): number | null {
  try {
    return Number(readFileSync(pidFile(file), "utf8")) || null;
  } catch {
    return null;
  }
}

function pidFile(file: string): string {
  return `${file}.pid`;
}
