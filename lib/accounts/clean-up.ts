import "server-only";
import { purgeOutbox } from "../mail/outbox";
import { NO_CLIENT } from "../platform/client-info";
import { db } from "../platform/db";
import { env } from "../platform/env";
import { logError } from "../platform/log";
import { purgeAuditEvents, record } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { purgeKnownBrowsers } from "../security/known-browsers";
import { purgeLinkTokens } from "../security/link-tokens";
import { purgeRateLimits } from "../security/rate-limits/rate-limits";
import { IDLE_MS } from "../security/sessions";
import { DAY_MS, HOUR_MS } from "../shared/units";

/** How often expired rows are removed, in milliseconds. */
const PURGE_EVERY_MS = HOUR_MS;

/**
 * How long an expired session's row stays, in milliseconds. It opens nothing; a browser that comes back with its cookie
 * meanwhile leaves a line about it in the log.
 */
export const DEAD_SESSION_KEPT_MS = 24 * HOUR_MS;

/** Accounts that lapse in one pass at most: each is a transaction of its own. The next pass goes on. */
export const LAPSES_PER_PASS = 500;

/** Removes what has expired: accounts never confirmed, sessions, links, known browsers, old history, emails, and counts of the rate limits. */
export async function purge(now = Date.now()): Promise<void> {
  await lapseAccounts(now);
  await purgeSessions(now);
  await purgeAuditEvents(now);
  await purgeLinkTokens(now);
  await purgeKnownBrowsers(now);
  await purgeOutbox(now);
  await purgeRateLimits();
}

/**
 * Deletes accounts that a confirmed address was required of when they were registered, and that have none in time: nobody
 * could use them, and their name and address are free again. Any other account stays, also one of these that has been
 * logged in to since the setting was taken back, or that the operator keeps locked.
 */
async function lapseAccounts(now: number): Promise<void> {
  const hasLapsed = {
    wasConfirmationRequired: true,
    emailVerified: null,
    createdAt: { lt: new Date(now - env().unverifiedAccountDays * DAY_MS) },
    firstLoginAt: null,
    lockedByOperatorAt: null,
  };
  const users = await db.user.findMany({
    where: hasLapsed,
    orderBy: { createdAt: "asc" },
    take: LAPSES_PER_PASS,
    select: { id: true },
  });
  for (const { id } of users)
    await db.$transaction(async (tx) => {
      await holdAccount({ id }, tx);
      if ((await tx.user.count({ where: { id, ...hasLapsed } })) === 0) return; // confirmed just now
      await record("account-lapsed", { userId: id }, NO_CLIENT, tx);
      await tx.user.delete({ where: { id }, select: { id: true } });
    });
}

async function purgeSessions(now: number): Promise<void> {
  const before = (ms: number) => ({ lt: new Date(now - ms - DEAD_SESSION_KEPT_MS) });
  await db.session.deleteMany({
    where: {
      OR: [
        { expiresAt: before(0) },
        { isRemembered: false, lastSeenAt: before(IDLE_MS.browser) },
        { isRemembered: true, lastSeenAt: before(IDLE_MS.remembered) },
      ],
    },
  });
}

/** Next loads this module again after an edit in development; one timer is enough. */
const shared = globalThis as { latchkeyPurge?: NodeJS.Timeout };

/** Purges now and every hour from now on. It keeps no process alive; after a failure the next hour makes up for it. */
export function startPurging(): void {
  if (shared.latchkeyPurge) return;
  const tryPurge = () => void purge().catch(logError);
  shared.latchkeyPurge = setInterval(tryPurge, PURGE_EVERY_MS).unref();
  tryPurge();
}
