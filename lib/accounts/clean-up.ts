import "server-only";
import { purgeOutbox } from "../mail/outbox";
import { db } from "../platform/db";
import { logError } from "../platform/log";
import { purgeAuditEvents } from "../security/audit";
import { purgeKeptForms } from "../security/kept-forms";
import { purgeKnownBrowsers } from "../security/known-browsers";
import { purgeLinkTokens } from "../security/link-tokens";
import { purgeRateLimits } from "../security/rate-limits/rate-limits";
import { purgeSentForms } from "../security/sent-forms";
import { IDLE_MS } from "../security/sessions";
import { HOUR_MS } from "../shared/units";
import { lapseAccounts } from "./lapse";

/** How often expired rows are removed, in milliseconds. */
const PURGE_EVERY_MS = HOUR_MS;

/**
 * How long an expired session's row stays, in milliseconds. It opens nothing; a browser that comes back with its cookie
 * meanwhile leaves a line about it in the log.
 */
export const DEAD_SESSION_KEPT_MS = 24 * HOUR_MS;

/** Removes what has expired: sessions, old history, links, known browsers, emails, rate limits, forms sent twice or kept, accounts never confirmed. */
export async function purge(now = Date.now()): Promise<void> {
  await purgeSessions(now);
  await purgeAuditEvents(now);
  await purgeLinkTokens(now);
  await purgeKnownBrowsers(now);
  await purgeOutbox(now);
  await purgeRateLimits();
  await purgeSentForms(now);
  await purgeKeptForms(now);
  await lapseAccounts(now);
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
