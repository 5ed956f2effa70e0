import "server-only";
import { createHash } from "node:crypto";
import { clientNetwork, countedNetworks } from "../../platform/address";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import {
  CODE_LIMITS,
  EMAIL_LIMITS,
  LOGIN_ALERT_LIMITS,
  LOGIN_LIMITS,
  REGISTRATION_LIMITS,
} from "../../shared/limits";
import type { Attempt } from "./attempt";
import { type Backoff, consumeBackoff, readBackoffs, retryAfterSeconds } from "./backoff";
import { makeWindow, type Window } from "./window";

// All counts are in the app's own database, which every process and instance shares. When it does not answer, the error
// is thrown on and no attempt goes uncounted.
//
// A client without an address has no network, and the limits per network do not apply to it. Counted together, such clients
// would be one for the whole site, and any of them could use that count up for all others. What still holds for them are a
// short wait at each account, the counts per email address, and the queue for hashing.

/** A window and what it counts. */
interface Limit {
  window: Window;
  key: string;
}

const failuresOfNetwork = makeNetworkWindow(
  "login",
  LOGIN_LIMITS.failuresPerNetwork,
  LOGIN_LIMITS.networkWindowSeconds,
);
const registrationsAnHour = makeNetworkWindow(
  "register-hour",
  REGISTRATION_LIMITS.perHour,
  REGISTRATION_LIMITS.hourSeconds,
);
const registrationsADay = makeNetworkWindow(
  "register-day",
  REGISTRATION_LIMITS.perDay,
  REGISTRATION_LIMITS.daySeconds,
);
const emailsOfNetwork = makeNetworkWindow(
  "email-network",
  EMAIL_LIMITS.perNetwork,
  EMAIL_LIMITS.windowSeconds,
);
const emailsToAddress = makeWindow("email-address", EMAIL_LIMITS.perAddress, EMAIL_LIMITS.windowSeconds);
const loginAlertsOfNetwork = makeNetworkWindow(
  "login-alert-network",
  LOGIN_ALERT_LIMITS.perNetwork,
  LOGIN_ALERT_LIMITS.windowSeconds,
);
const loginAlertsOfSite = makeWindow(
  "login-alert-site",
  LOGIN_ALERT_LIMITS.perSite,
  LOGIN_ALERT_LIMITS.windowSeconds,
);
const codesOfNetwork = makeNetworkWindow("code-network", CODE_LIMITS.perNetwork, CODE_LIMITS.windowSeconds);
const codesForAddress = makeWindow("code-address", CODE_LIMITS.perAddress, CODE_LIMITS.windowSeconds);
const codesForAddressADay = makeWindow("code-address-day", CODE_LIMITS.perAddressDay, CODE_LIMITS.daySeconds);

/** The limits of a client's networks, the wider ones the higher; none where its address is unknown. */
function makeNetworkWindow(name: string, points: number, seconds: number) {
  const windows = new Map<number, Window>();
  const windowFor = (times: number): Window => {
    const window = windows.get(times) ?? makeWindow(name, points * times, seconds);
    windows.set(times, window);
    return window;
  };
  return ({ ip }: Pick<ClientInfo, "ip">): Limit[] =>
    countedNetworks(ip).map(({ network, times }) => ({ window: windowFor(times), key: network }));
}

/** The answer at an account that is shut to browsers it does not know. */
const SHUT: Attempt = { ok: false, retryAfterSeconds: LOGIN_LIMITS.shutRetrySeconds };

/**
 * Counts one attempt to log in, before the account is looked up or anything hashed. It stays counted as a failure unless
 * it is refunded once the password was right, which also clears what the account and this client had failed before.
 * Addresses without an account are counted just the same, so the answer does not tell them apart
 * (ASVS v5.0.0-6.3.1, 6.3.8). A browser that the account knows is counted by itself: strangers cannot keep the owner out.
 * @param browserId from `findKnownBrowser`
 */
export async function consumeLogin(
  emailCanonical: string,
  browserId: string | null,
  client: Pick<ClientInfo, "ip">,
): Promise<Attempt> {
  const network = clientNetwork(client.ip);
  const attempt =
    (browserId === null ? null : await consumeAsKnown(emailCanonical, browserId)) ??
    (await consumeAsStranger(emailCanonical, network, client));
  if (!attempt.ok) return attempt;
  return {
    ok: true,
    async refund() {
      await attempt.refund();
      const keys = [accountKey(emailCanonical), pairKey(emailCanonical, network)];
      if (browserId !== null) keys.push(browserKey(emailCanonical, browserId));
      await db.loginBackoff.deleteMany({ where: { key: { in: keys } } });
    },
  };
}

/** Null when the browser has failed so often that it is counted as a stranger: its cookie may be in other hands. */
async function consumeAsKnown(emailCanonical: string, browserId: string): Promise<Attempt | null> {
  const key = browserKey(emailCanonical, browserId);
  const backoff = (await readBackoffs([key])).get(key);
  return isAtTheEnd(backoff) ? null : consumeBackoff(key, backoff);
}

/**
 * All clients without a network share one count at an account, its owner among them. They wait for each other's failures,
 * but not for long, and no number of failures shuts the account.
 */
async function consumeWithoutNetwork(emailCanonical: string): Promise<Attempt> {
  const key = pairKey(emailCanonical, null);
  const backoffs = await readBackoffs([key]);
  return consumeBackoff(key, backoffs.get(key), LOGIN_LIMITS.longestWaitUnknownSeconds);
}

async function consumeAsStranger(
  emailCanonical: string,
  network: string | null,
  client: Pick<ClientInfo, "ip">,
): Promise<Attempt> {
  if (network === null) return consumeWithoutNetwork(emailCanonical);

  const ofAccount = accountKey(emailCanonical);
  const ofPair = pairKey(emailCanonical, network);
  const ofNetworks = failuresOfNetwork(client);
  const [backoffs, networkWait] = await Promise.all([
    readBackoffs([ofAccount, ofPair]),
    longestWait(ofNetworks),
  ]);
  if (isAtTheEnd(backoffs.get(ofAccount))) return SHUT;
  const wait = Math.max(networkWait, retryAfterSeconds(backoffs.get(ofPair)));
  if (wait > 0) return { ok: false, retryAfterSeconds: wait }; // refused attempts write nothing

  const pairAttempt = await consumeBackoff(ofPair, backoffs.get(ofPair));
  if (!pairAttempt.ok) return pairAttempt;
  const networkAttempt = await consumeEach(ofNetworks);
  if (!networkAttempt.ok) {
    await pairAttempt.refund();
    return networkAttempt;
  }
  if (await countInARow(ofAccount)) return networkAttempt;
  await Promise.all([pairAttempt.refund(), networkAttempt.refund()]);
  return SHUT;
}

function isAtTheEnd(backoff: Backoff | undefined): boolean {
  return backoff !== undefined && backoff.failures >= LOGIN_LIMITS.failuresInARow;
}

/** Counts one more failure in a row for the account; false when it had them all. One statement: none is lost. */
async function countInARow(key: string): Promise<boolean> {
  const now = new Date();
  const { failures } = await db.loginBackoff.upsert({
    where: { key },
    create: { key, failures: 1, failedAt: now, opensAt: now },
    update: { failures: { increment: 1 }, failedAt: now },
    select: { failures: true },
  });
  return failures <= LOGIN_LIMITS.failuresInARow;
}

/**
 * Counts one registration; every one that passed validation counts, also when a name turns out to be taken, since that
 * answer tells who has an account.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeRegistration(client: Pick<ClientInfo, "ip">): Promise<number | null> {
  return consumeAll([...registrationsAnHour(client), ...registrationsADay(client)]);
}

/**
 * Counts one email that a visitor wants sent to an address they typed, whether or not an account has it.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeEmail(
  emailCanonical: string,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  return consumeAll([...emailsOfNetwork(client), { window: emailsToAddress, key: digest(emailCanonical) }]);
}

/** The one key of a window that counts for the whole site. */
const SITE = "all";

/** True while an email about a login of this client may leave at once. Changes nothing. */
export async function mayCauseLoginAlert(client: Pick<ClientInfo, "ip">): Promise<boolean> {
  return (await longestWait(loginAlertLimits(client))) === 0;
}

/** Counts one email that a login caused. */
export async function countLoginAlert(client: Pick<ClientInfo, "ip">): Promise<void> {
  await consumeAll(loginAlertLimits(client));
}

function loginAlertLimits(client: Pick<ClientInfo, "ip">): Limit[] {
  return [...loginAlertsOfNetwork(client), { window: loginAlertsOfSite, key: SITE }];
}

/**
 * Counts one code that a visitor typed for an address, whether or not an account has it.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeCode(
  emailCanonical: string,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  const key = digest(emailCanonical);
  return consumeAll([
    ...codesOfNetwork(client),
    { window: codesForAddress, key },
    { window: codesForAddressADay, key },
  ]);
}

/** Counts one of each or none. Null: counted; otherwise how long to wait, in seconds. */
async function consumeAll(limits: Limit[]): Promise<number | null> {
  const wait = await longestWait(limits);
  if (wait > 0) return wait;
  const attempt = await consumeEach(limits);
  return attempt.ok ? null : attempt.retryAfterSeconds;
}

/** How long until all of them admit one more, in seconds; 0: now. Changes nothing. */
async function longestWait(limits: Limit[]): Promise<number> {
  return Math.max(0, ...(await Promise.all(limits.map(({ window, key }) => window.retryAfterSeconds(key)))));
}

/** Counts one of each or none. */
async function consumeEach(limits: Limit[]): Promise<Attempt> {
  const refunds: (() => Promise<void>)[] = [];
  const refund = async () => {
    await Promise.all(refunds.map((each) => each()));
  };
  for (const { window, key } of limits) {
    const attempt = await window.consume(key);
    if (!attempt.ok) {
      await refund();
      return attempt;
    }
    refunds.push(attempt.refund);
  }
  return { ok: true, refund };
}

/**
 * Forgets all failed logins at an account: after its password was reset, or when the operator says so.
 * @returns false when there were none
 */
export async function forgetFailures(emailCanonical: string, tx: Tx = db): Promise<boolean> {
  const { count } = await tx.loginBackoff.deleteMany({
    where: {
      OR: [
        { key: accountKey(emailCanonical) },
        { key: { startsWith: pairKey(emailCanonical, "") } },
        { key: { startsWith: browserKey(emailCanonical, "") } },
      ],
    },
  });
  return count > 0;
}

/** Deletes what no longer counts. The server calls it at start and once an hour; to call it more often does no harm. */
export async function purgeRateLimits(): Promise<void> {
  const ago = (seconds: number) => ({ lt: new Date(Date.now() - seconds * 1000) });
  const { failuresInARow, forgottenAfterSeconds, rowKeptSeconds } = LOGIN_LIMITS;
  const isOpen = { failures: { lt: failuresInARow } };
  await db.rateLimit.deleteMany({ where: { expire: ago(0) } });
  await db.loginBackoff.deleteMany({
    where: {
      OR: [
        { key: { startsWith: "pair:" }, failedAt: ago(forgottenAfterSeconds) },
        { key: { startsWith: "browser:" }, failedAt: ago(forgottenAfterSeconds), ...isOpen },
        { key: { startsWith: "account:" }, failedAt: ago(rowKeptSeconds), ...isOpen },
      ],
    },
  });
}

const accountKey = (emailCanonical: string) => `account:${digest(emailCanonical)}`;
const pairKey = (emailCanonical: string, network: string | null) =>
  `pair:${digest(emailCanonical)}:${network ?? "unknown"}`;
const browserKey = (emailCanonical: string, id: string) => `browser:${digest(emailCanonical)}:${id}`;

/** What is typed may be the address of a person who has no account here, so it is not kept. */
function digest(emailCanonical: string): string {
  return createHash("sha256").update(emailCanonical).digest("hex");
}
