import "server-only";
import { purgeLetters } from "../mail/outbox";
import { db } from "../platform/db";
import { logError } from "../platform/log";
import { purgeAuditEvents } from "../security/audit";
import { purgeMailTokens } from "../security/link-tokens";
import { purgeThrottling } from "../security/rate-limits/rate-limits";
import { IDLE_MS } from "../security/sessions";

const HOUR_MS = 60 * 60 * 1000;

/** How often what is past its time is removed, in milliseconds. */
const PURGE_EVERY_MS = HOUR_MS;

/**
 * How long a dead session's row stays, in milliseconds: whoever comes back meanwhile with its cookie leaves a line about
 * it in the log. It opens nothing.
 */
export const DEAD_SESSION_KEPT_MS = 24 * HOUR_MS;

/** Removes what is past its time: dead sessions and links, old history, and what throttling no longer counts. */
export async function purge(now = Date.now()): Promise<void> {
  await purgeSessions(now);
  await purgeAuditEvents(now);
  await purgeMailTokens(now);
  await purgeLetters(now);
  await purgeThrottling();
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

/** Next calls for it anew after an edit in development; one timer is enough. */
const shared = globalThis as { latchkeyPurge?: NodeJS.Timeout };

/** Purges now and every hour from now on. It keeps no process alive, and a time it fails is only a time it is late. */
export function startPurging(): void {
  if (shared.latchkeyPurge) return;
  const tryPurge = () => void purge().catch(logError);
  shared.latchkeyPurge = setInterval(tryPurge, PURGE_EVERY_MS).unref();
  tryPurge();
}
