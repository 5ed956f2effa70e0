import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { record } from "../security/audit";
import { findKnownBrowsers, forgetBrowser, type ListedBrowser } from "../security/known-browsers";
import {
  findLiveSessions,
  type ListedSession,
  revokeListedSession,
  revokeOtherSessions,
} from "../security/listed-sessions";
import type { LiveSession } from "../security/sessions";
import { holdForSession } from "./asking-session";

/** The session that asks. */
type Current = Pick<LiveSession, "id" | "user">;

/** A live session of the person who asks. */
export type OwnSession = ListedSession & {
  /** True for the session that asks. */
  isThis: boolean;
};

/** Every live session of whoever is in this one: this one first, then the one used last (ASVS v5.0.0-7.5.2). */
export async function listSessions({ id, user }: Current): Promise<OwnSession[]> {
  const sessions = await findLiveSessions(user.id);
  return thisFirst(sessions.map((session) => ({ ...session, isThis: session.id === id })));
}

/** The browsers that know this account: the one that asks first, then the one that logged in last. */
export async function listBrowsers(
  { user }: Current,
  { browserToken }: ClientInfo,
): Promise<ListedBrowser[]> {
  return thisFirst(await findKnownBrowsers(user.id, browserToken));
}

/**
 * Ends another session of the same person, from its next request on.
 * @returns false when there is none with that id: it is over, or it is nobody's or somebody else's, and which is not told
 */
export async function endSession(current: Current, id: string, client: ClientInfo): Promise<boolean> {
  return asHolder(current, async (userId, tx) => {
    if (!(await revokeListedSession({ userId, id }, tx))) return false;
    await record("session-ended", { userId }, client, tx);
    return true;
  });
}

/** Ends all sessions of a person but the one that asks. False when there was no other. */
export async function endOtherSessions(current: Current, client: ClientInfo): Promise<boolean> {
  return asHolder(current, async (userId, tx) => {
    if ((await revokeOtherSessions({ userId, id: current.id }, tx)) === 0) return false;
    await record("other-sessions-ended", { userId }, client, tx);
    return true;
  });
}

/**
 * Makes an account forget a browser: the next login there is news, and its failures count as a stranger's. Its session goes
 * on.
 * @returns false when the account knows none with that id; whether another one does is not told
 */
export async function forgetOwnBrowser(current: Current, id: string, client: ClientInfo): Promise<boolean> {
  return asHolder(current, async (userId, tx) => {
    if (!(await forgetBrowser({ userId, id }, tx))) return false;
    await record("browser-forgotten", { userId }, client, tx);
    return true;
  });
}

/** False, and nothing done, when the session that asks has just been ended: of two that end each other, one wins. */
async function asHolder(
  current: Current,
  work: (userId: string, tx: Tx) => Promise<boolean>,
): Promise<boolean> {
  return db.$transaction(async (tx) => {
    return (await holdForSession(current, tx)) && (await work(current.user.id, tx));
  });
}

function thisFirst<T extends { isThis: boolean }>(rows: T[]): T[] {
  return [...rows.filter(({ isThis }) => isThis), ...rows.filter(({ isThis }) => !isThis)];
}
