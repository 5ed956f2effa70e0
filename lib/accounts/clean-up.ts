import "server-only";
import { setTimeout as delay } from "node:timers/promises";
import { purgeOutbox } from "../mail/outbox";
import type { Background } from "../platform/background";
import { NO_CLIENT } from "../platform/client-info";
import { db } from "../platform/db";
import { inBatches, type Pace } from "../platform/db/in-batches";
import { withLease } from "../platform/db/lease";
import { logError, logEvent } from "../platform/log";
import { anonymizeLateRows, purgeAuditEvents } from "../security/audit";
import { purgeFormerUsernames } from "../security/former-usernames";
import { purgeKeptForms } from "../security/kept-forms";
import { purgeKnownBrowsers } from "../security/known-browsers";
import { purgeLinkTokens } from "../security/link-tokens";
import { purgeRateLimits } from "../security/rate-limits/rate-limits";
import { purgeSentForms } from "../security/sent-forms";
import { IDLE_MS } from "../security/sessions";
import { purgeSpent } from "../security/spent-once";
import { resealAuthenticators } from "../security/two-factor/authenticators";
import { purgePendingLogins } from "../security/two-factor/pending-logins";
import { HOUR_MS } from "../shared/units";
import { eachByItself } from "./each-by-itself";
import { eraseAccounts } from "./erase-accounts";
import { lapseAccounts } from "./lapse";

/** How often expired rows are removed, in milliseconds. */
const PURGE_EVERY_MS = HOUR_MS;

/**
 * How often a batch begins, in milliseconds. One takes longer in a large database, where each of its rows is on other pages:
 * that is taken from the pause, so that a clean-up does not last longer there, and most of the time is other people's.
 */
const BATCH_EVERY_MS = 100;

/** The shortest pause between two batches, in milliseconds: whoever waits to write gets their turn. */
const PAUSE_MS = 20;

/**
 * How long an expired session's row stays, in milliseconds. It opens nothing; a browser that comes back with its cookie
 * meanwhile leaves a line about it in the log.
 */
export const DEAD_SESSION_KEPT_MS = 24 * HOUR_MS;

/** How many of each kind a clean-up has deleted. */
export type Purged = Record<
  | "sessions"
  | "events"
  | "links"
  | "browsers"
  | "usernames"
  | "emails"
  | "limits"
  | "forms"
  | "keptForms"
  | "pendingLogins"
  | "challenges"
  | "lapsed"
  | "erased",
  number
>;

/**
 * Removes what has expired: sessions, old history, links, known browsers, former usernames, emails, rate limits, forms sent
 * twice or kept, logins that waited too long, challenges that were answered, accounts never confirmed and accounts whose owners
 * asked for it. In small batches, so that no one waits for it. Of all processes on this database one does it at a time. What
 * went is a line of the log.
 * @returns null, and nothing done, while another process does it
 * @throws what failed first, once all the rest is done
 */
export async function purge(now = Date.now()): Promise<Purged | null> {
  return withLease("clean-up", async (isHeld) => {
    const purged = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Purged;
    let begunAt = performance.now();
    const pace = async () => {
      await delay(Math.max(PAUSE_MS, begunAt + BATCH_EVERY_MS - performance.now()));
      begunAt = performance.now();
      return isHeld();
    };
    try {
      await purgeAll(now, pace, purged);
    } finally {
      if (Object.values(purged).some((count) => count > 0))
        logEvent("cleaned-up", { ...NO_CLIENT, userId: null }, purged);
    }
    return purged;
  });
}

const STEPS: Record<keyof Purged, (now: number, pace: Pace) => Promise<number>> = {
  sessions: purgeSessions,
  events: purgeAuditEvents,
  links: purgeLinkTokens,
  browsers: purgeKnownBrowsers,
  usernames: purgeFormerUsernames,
  emails: purgeOutbox,
  limits: (_now, pace) => purgeRateLimits(pace),
  forms: purgeSentForms,
  keptForms: purgeKeptForms,
  pendingLogins: purgePendingLogins,
  challenges: purgeSpent,
  lapsed: lapseAccounts,
  erased: eraseAccounts,
};

const KINDS = Object.keys(STEPS) as (keyof Purged)[];

/** Counts in `purged` what goes. */
async function purgeAll(now: number, pace: Pace, purged: Purged): Promise<void> {
  const count = (kind: keyof Purged) => async () => {
    purged[kind] = await STEPS[kind](now, pace);
  };
  const first = [() => anonymizeLateRows(now, pace), async () => void (await resealAuthenticators(pace))];
  await eachByItself([...first, ...KINDS.map(count)], async (step) => {
    await step();
    return true;
  });
}

/** One condition after the other: each has an index. */
async function purgeSessions(now: number, pace: Pace): Promise<number> {
  const before = (ms: number) => ({ lt: new Date(now - ms - DEAD_SESSION_KEPT_MS) });
  let total = 0;
  for (const where of [
    { expiresAt: before(0) },
    { isRemembered: false, lastSeenAt: before(IDLE_MS.browser) },
    { isRemembered: true, lastSeenAt: before(IDLE_MS.remembered) },
  ])
    total += await inBatches((limit) => db.session.deleteMany({ where, limit }), pace);
  return total;
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

/** One that is under way may end with its process: the next one does what is left. */
async function stopPurging(): Promise<void> {
  clearInterval(shared.latchkeyPurge);
  shared.latchkeyPurge = undefined;
}

/** {@link startPurging}, in one process of a machine at a time. */
export const CLEAN_UP: Background = { start: startPurging, stop: stopPurging };
