import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { hashToken, hasTokenShape, newToken } from "../platform/crypto/token";
import { db, type Tx } from "../platform/db";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
import { KNOWN_BROWSER_DAYS, KNOWN_BROWSERS_MAX } from "../shared/limits";
import { TRUSTED_BROWSER_MS } from "../shared/two-factor";
import { DAY_MS } from "../shared/units";

// A known browser has logged in to that account before (OWASP: "Device cookies"). It opens nothing. Strangers' failures do
// not hinder it, and a login from it sends no security alert.

/** The browser of a login, as its account knows it from now on. */
export interface RememberedBrowser {
  /** The value for the known-browser cookie. */
  token: string;
  /** True when the account did not know this browser before. */
  isNew: boolean;
}

/**
 * The id by which an account knows the browser with this token; null when it does not. Always one query of one shape, with
 * or without a token and an account: the time it takes tells nothing.
 * @param name the account's address or username, canonical: no username has an @
 */
export async function findKnownBrowser(name: string, browserToken: string | null): Promise<string | null> {
  const browser = await db.knownBrowser.findFirst({
    where: {
      tokenHash: hashToken(usable(browserToken) ?? newToken()),
      lastLoginAt: { gt: oldestKnown() },
      user: { OR: [{ emailCanonical: name }, { usernameCanonical: name }] },
    },
    select: { id: true },
  });
  return browser?.id ?? null;
}

/** What a browser is counted by, before it is known whose login this is; null: no account knows it. */
export async function findBrowserOfAnyone(browserToken: string | null): Promise<string | null> {
  const token = usable(browserToken);
  if (token === null) return null;
  const where = { tokenHash: hashToken(token), lastLoginAt: { gt: oldestKnown() } };
  const browser = await db.knownBrowser.findFirst({ where, select: { tokenHash: true } });
  return browser?.tokenHash ?? null;
}

/** The ids of all browsers that an account knows. */
export async function findBrowserIds(userId: string, tx: Tx): Promise<string[]> {
  const browsers = await tx.knownBrowser.findMany({ where: { userId }, select: { id: true } });
  return browsers.map(({ id }) => id);
}

/**
 * Makes the browser of a login known to the account. A browser that the account knows keeps its token. Any other gets a
 * new one, and the accounts that knew it by the old token know it by the new one: a token that somebody else has put into
 * this browser stops working, and this browser is forgotten nowhere.
 */
export async function rememberBrowser(
  userId: string,
  client: Pick<ClientInfo, "browserToken" | "ip" | "userAgent">,
  tx: Tx,
): Promise<RememberedBrowser> {
  return remember(userId, client, tx, (presented) => presented);
}

/**
 * Forgets every browser of an account but this one, which is known by a new token from now on: a copy of the former one,
 * taken together with a session, is a stranger's.
 * @returns the value for the known-browser cookie
 */
export async function forgetOtherBrowsers(
  userId: string,
  client: Pick<ClientInfo, "browserToken" | "ip" | "userAgent">,
  tx: Tx,
): Promise<string> {
  const { token } = await remember(userId, client, tx, newToken);
  await tx.knownBrowser.deleteMany({ where: { userId, tokenHash: { not: hashToken(token) } } });
  return token;
}

/** @param nextToken of a browser that the account knows, from the one it has presented */
async function remember(
  userId: string,
  client: Pick<ClientInfo, "browserToken" | "ip" | "userAgent">,
  tx: Tx,
  nextToken: (presented: string) => string,
): Promise<RememberedBrowser> {
  const { ip, userAgent } = client;
  const seen = { lastLoginAt: new Date(), ip, userAgent };
  const presented = usable(client.browserToken);
  const known = presented === null ? null : await findRow(hashToken(presented), userId, tx);
  const isNew = known === null;

  const token = presented !== null && !isNew ? nextToken(presented) : newToken();
  const tokenHash = hashToken(token);
  if (presented !== null && presented !== token)
    await tx.knownBrowser.updateMany({ where: { tokenHash: hashToken(presented) }, data: { tokenHash } });

  // Nobody knows a browser by a token that has just been made.
  const isKnownByIt =
    presented !== null &&
    (await tx.knownBrowser.updateMany({ where: { tokenHash, userId }, data: seen })).count > 0;
  if (!isKnownByIt)
    await tx.knownBrowser.create({ data: { tokenHash, userId, ...seen }, select: { id: true } });
  if (isNew) await forgetSurplus(userId, tx);
  return { token, isNew };
}

/**
 * Lets the accounts that know a browser by the token of its session know it by the one in its cookie. The migration
 * `locks_and_known_browsers` knows the browsers that are logged in by their sessions alone; the last of those sessions ends
 * 30 days after it (`LIFETIME_MS.remembered`), and with it the need for this function and its callers.
 */
export async function adoptBrowser(sessionToken: string, browserToken: string): Promise<void> {
  await db.knownBrowser.updateMany({
    where: { tokenHash: hashToken(sessionToken) },
    data: { tokenHash: hashToken(browserToken) },
  });
}

async function findRow(tokenHash: string, userId: string, tx: Tx): Promise<{ id: string } | null> {
  return tx.knownBrowser.findFirst({
    where: { tokenHash, userId, lastLoginAt: { gt: oldestKnown() } },
    select: { id: true },
  });
}

/** Keeps {@link KNOWN_BROWSERS_MAX} browsers of an account: those that logged in last. */
async function forgetSurplus(userId: string, tx: Tx): Promise<void> {
  const surplus = await tx.knownBrowser.findMany({
    where: { userId },
    orderBy: { lastLoginAt: "desc" },
    skip: KNOWN_BROWSERS_MAX,
    select: { id: true },
  });
  if (surplus.length > 0)
    await tx.knownBrowser.deleteMany({ where: { id: { in: surplus.map(({ id }) => id) } } });
}

/**
 * Forgets every browser of an account. Part of every change that keeps out a person who knew the password: in a known
 * browser they could go on guessing beside the limits for strangers.
 */
export async function forgetBrowsers(userId: string, tx: Tx): Promise<void> {
  await tx.knownBrowser.deleteMany({ where: { userId } });
}

/** Asks this browser of an account no more for a second factor, for {@link TRUSTED_BROWSER_MS}. */
export async function trustBrowser(userId: string, browserToken: string, tx: Tx): Promise<void> {
  await tx.knownBrowser.updateMany({
    where: { userId, tokenHash: hashToken(browserToken) },
    data: { trustedUntil: new Date(Date.now() + TRUSTED_BROWSER_MS) },
  });
}

/** True while an account does not ask the browser with this token for a second factor. */
export async function isTrustedBrowser(
  userId: string,
  browserToken: string | null,
  tx: Tx,
): Promise<boolean> {
  const presented = usable(browserToken);
  if (presented === null) return false;
  const where = { userId, tokenHash: hashToken(presented), trustedUntil: { gt: new Date() } };
  return (await tx.knownBrowser.count({ where: { ...where, lastLoginAt: { gt: oldestKnown() } } })) > 0;
}

/** Asks every browser of an account for the second factor again. */
export async function endTrust(userId: string, tx: Tx): Promise<void> {
  await tx.knownBrowser.updateMany({
    where: { userId, trustedUntil: { not: null } },
    data: { trustedUntil: null },
  });
}

/** A known browser as its person finds it in the list of theirs. */
export interface ListedBrowser {
  id: string;
  /** First seen. */
  createdAt: Date;
  lastLoginAt: Date;
  ip: string | null;
  userAgent: string | null;
  /** Until when it is not asked for a second factor; null: it is. */
  trustedUntil: Date | null;
  /** True for the browser with this token. */
  isThis: boolean;
}

/** The browsers an account knows, the one that logged in last first. */
export async function findKnownBrowsers(
  userId: string,
  browserToken: string | null,
): Promise<ListedBrowser[]> {
  const presented = usable(browserToken);
  const thisHash = presented === null ? null : hashToken(presented);
  const browsers = await db.knownBrowser.findMany({
    where: { userId, lastLoginAt: { gt: oldestKnown() } },
    orderBy: { lastLoginAt: "desc" },
    select: {
      id: true,
      tokenHash: true,
      createdAt: true,
      lastLoginAt: true,
      ip: true,
      userAgent: true,
      trustedUntil: true,
    },
  });
  return browsers.map(({ tokenHash, trustedUntil, ...listed }) => ({
    ...listed,
    trustedUntil: trustedUntil && trustedUntil > new Date() ? trustedUntil : null,
    isThis: tokenHash === thisHash,
  }));
}

/** Forgets one browser of an account. False when the account knows none with that id, whoever else may. */
export async function forgetBrowser(
  { userId, id }: { userId: string; id: string },
  tx: Tx,
): Promise<boolean> {
  const { count } = await tx.knownBrowser.deleteMany({ where: { id, userId } });
  return count > 0;
}

/** Deletes browsers whose time as known ones is over. Answers how many. */
export function purgeKnownBrowsers(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = { lastLoginAt: { lte: oldestKnown(now) } };
  return inBatches((limit) => db.knownBrowser.deleteMany({ where, limit }), pace);
}

/** The moment of the last login from which on a browser is no longer known. */
function oldestKnown(now = Date.now()): Date {
  return new Date(now - KNOWN_BROWSER_DAYS * DAY_MS);
}

/** The token if it can be one of ours; null: the browser sent none, or something else. */
function usable(browserToken: string | null): string | null {
  return browserToken !== null && hasTokenShape(browserToken) ? browserToken : null;
}
