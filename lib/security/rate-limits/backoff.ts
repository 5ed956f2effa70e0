import "server-only";
import { db } from "../../platform/db";
import { isUniqueViolation } from "../../platform/db/errors";
import { LOGIN_LIMITS } from "../../shared/limits";
import type { Turn } from "./attempt";

const { failuresBeforeWait, firstWaitSeconds, longestWaitSeconds, forgottenAfterSeconds } = LOGIN_LIMITS;

/** Failures in a row, as the database has them. */
export interface Backoff {
  failures: number;
  opensAt: Date;
  failedAt: Date;
}

/** What is held against each of these keys; a key nothing is held against is missing. */
export async function readBackoffs(keys: string[]): Promise<Map<string, Backoff>> {
  const rows = await db.loginBackoff.findMany({ where: { key: { in: keys } } });
  return new Map(rows.map(({ key, ...backoff }) => [key, backoff]));
}

/** How long an attempt has to wait, in seconds; 0: it may go on. */
export function secondsToWait(backoff: Backoff | undefined): number {
  return backoff ? Math.max(0, Math.ceil((backoff.opensAt.getTime() - Date.now()) / 1000)) : 0;
}

/**
 * Takes one attempt, counting it as a failure in advance: of any number at once, in however many processes, as many get
 * through as the limit allows. `backoff` is what was read before; whoever finds it changed since reads again.
 */
export async function takeTurn(key: string, backoff: Backoff | undefined): Promise<Turn> {
  let current = backoff;
  for (;;) {
    const retryAfterSeconds = secondsToWait(current);
    if (retryAfterSeconds > 0) return { ok: false, retryAfterSeconds };
    const [from, to] = [current, afterFailure(current)];
    if (await replace(key, from, to))
      return { ok: true, giveBack: async () => void (await replace(key, to, from)) };
    current = (await readBackoffs([key])).get(key);
  }
}

function afterFailure(backoff: Backoff | undefined): Backoff {
  const now = Date.now();
  const isForgotten = !backoff || now - backoff.failedAt.getTime() >= forgottenAfterSeconds * 1000;
  const failures = isForgotten ? 1 : backoff.failures + 1;
  return { failures, failedAt: new Date(now), opensAt: new Date(now + waitSecondsAfter(failures) * 1000) };
}

/** 0 before the limit, then 30, 60, 120 … seconds. */
function waitSecondsAfter(failures: number): number {
  if (failures < failuresBeforeWait) return 0;
  return Math.min(firstWaitSeconds * 2 ** (failures - failuresBeforeWait), longestWaitSeconds);
}

/** Compares and swaps: false when the row is no longer as it was read. `undefined` stands for no row. */
async function replace(key: string, from: Backoff | undefined, to: Backoff | undefined): Promise<boolean> {
  if (!from) return to ? await insert(key, to) : true;
  const where = { key, failures: from.failures, failedAt: from.failedAt };
  const { count } = to
    ? await db.loginBackoff.updateMany({ where, data: to })
    : await db.loginBackoff.deleteMany({ where });
  return count === 1;
}

async function insert(key: string, backoff: Backoff): Promise<boolean> {
  try {
    await db.loginBackoff.create({ data: { key, ...backoff }, select: { key: true } });
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}
