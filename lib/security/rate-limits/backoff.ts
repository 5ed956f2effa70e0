import "server-only";
import { db } from "../../platform/db";
import { isUniqueViolation } from "../../platform/db/errors";
import { LOGIN_LIMITS } from "../../shared/limits";
import type { Attempt } from "./attempt";

const { failuresBeforeWait, firstWaitSeconds, longestWaitSeconds, forgottenAfterSeconds, fadesAfterSeconds } =
  LOGIN_LIMITS;

/** Failures in a row, as the database has them. */
export interface Backoff {
  failures: number;
  opensAt: Date;
  failedAt: Date;
}

/** The failures counted for each of these keys; a key without failures is missing. */
export async function readBackoffs(keys: string[]): Promise<Map<string, Backoff>> {
  const rows = await db.loginBackoff.findMany({
    where: { key: { in: keys } },
    select: { key: true, failures: true, opensAt: true, failedAt: true },
  });
  return new Map(rows.map(({ key, ...backoff }) => [key, backoff]));
}

/** How long an attempt has to wait, in seconds; 0: it may go on. */
export function retryAfterSeconds(backoff: Backoff | undefined): number {
  return backoff ? Math.max(0, Math.ceil((backoff.opensAt.getTime() - Date.now()) / 1000)) : 0;
}

/**
 * Counts one attempt as a failure in advance: of any number at once, in however many processes, as many get through as
 * the limit allows.
 * @param backoff what was read before; when it has changed since, it is read again
 * @param longestSeconds where the doubling of the wait ends
 */
export async function consumeBackoff(
  key: string,
  backoff: Backoff | undefined,
  longestSeconds: number = longestWaitSeconds,
): Promise<Attempt> {
  let current = backoff;
  for (;;) {
    const wait = retryAfterSeconds(current);
    if (wait > 0) return { ok: false, retryAfterSeconds: wait };
    const [from, to] = [current, afterFailure(current, longestSeconds)];
    if (await replace(key, from, to))
      return { ok: true, refund: async () => void (await replace(key, to, from)) };
    current = (await readBackoffs([key])).get(key);
  }
}

/**
 * Counts one attempt as the first failure of each of these keys, of which nothing was read: of all, by one statement, or of
 * none.
 * @returns null where one of them has been counted meanwhile
 */
export async function consumeFirst(keys: string[]): Promise<Attempt | null> {
  const first = afterFailure(undefined, longestWaitSeconds);
  try {
    await db.loginBackoff.createMany({
      data: keys.map((key) => ({ key, account: accountIn(key), ...first })),
    });
  } catch (error) {
    if (isUniqueViolation(error)) return null;
    throw error;
  }
  const refund = async () => void (await Promise.all(keys.map((key) => replace(key, first, undefined))));
  return { ok: true, refund };
}

/** How long until one more failure fits, in seconds; 0: now. One fades for each {@link fadesAfterSeconds} without another. */
export function fadingWaitSeconds(backoff: Backoff | undefined, most: number): number {
  if (!backoff || unfaded(backoff) < most) return 0;
  const fitsAt = backoff.failedAt.getTime() + (backoff.failures - most + 1) * fadesAfterSeconds * 1000;
  return Math.max(1, Math.ceil((fitsAt - Date.now()) / 1000));
}

/** Counts one attempt as a failure in advance, of at most so many, however many ask at once. */
export async function consumeFading(
  key: string,
  backoff: Backoff | undefined,
  most: number,
): Promise<Attempt> {
  let current = backoff;
  for (;;) {
    const wait = fadingWaitSeconds(current, most);
    if (wait > 0) return { ok: false, retryAfterSeconds: wait };
    const now = new Date();
    const [from, to] = [current, { failures: unfaded(current) + 1, failedAt: now, opensAt: now }];
    if (await replace(key, from, to))
      return { ok: true, refund: async () => void (await replace(key, to, from)) };
    current = (await readBackoffs([key])).get(key);
  }
}

/** Failures that have not faded yet. */
function unfaded(backoff: Backoff | undefined): number {
  if (!backoff) return 0;
  // Another instance's clock may be ahead.
  const elapsedMs = Math.max(0, Date.now() - backoff.failedAt.getTime());
  return Math.max(0, backoff.failures - Math.floor(elapsedMs / (fadesAfterSeconds * 1000)));
}

/** True when no failure has followed for so long that these count no more. */
export function isForgotten({ failedAt }: Backoff): boolean {
  return Date.now() - failedAt.getTime() >= forgottenAfterSeconds * 1000;
}

function afterFailure(backoff: Backoff | undefined, longestSeconds: number): Backoff {
  const now = Date.now();
  const failures = !backoff || isForgotten(backoff) ? 1 : backoff.failures + 1;
  const waitMs = waitSecondsAfter(failures, longestSeconds) * 1000;
  return { failures, failedAt: new Date(now), opensAt: new Date(now + waitMs) };
}

/** 0 before the limit, then 30, 60, 120 … seconds. */
function waitSecondsAfter(failures: number, longestSeconds: number): number {
  if (failures < failuresBeforeWait) return 0;
  return Math.min(firstWaitSeconds * 2 ** (failures - failuresBeforeWait), longestSeconds);
}

/** Compares and swaps: false when the row has changed since it was read. `undefined` stands for no row. */
async function replace(key: string, from: Backoff | undefined, to: Backoff | undefined): Promise<boolean> {
  if (!from) return to ? await insert(key, to) : true;
  const where = { key, failures: from.failures, failedAt: from.failedAt };
  const { count } = to
    ? await db.loginBackoff.updateMany({ where, data: { account: accountIn(key), ...to } })
    : await db.loginBackoff.deleteMany({ where });
  return count === 1;
}

async function insert(key: string, backoff: Backoff): Promise<boolean> {
  try {
    await db.loginBackoff.create({
      data: { key, account: accountIn(key), ...backoff },
      select: { key: true },
    });
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

/** The account's part of a key, by which all that is counted of the account is found. */
function accountIn(key: string): string | undefined {
  return key.split(":")[1];
}
