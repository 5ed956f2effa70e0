import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { hashToken, hasTokenShape, newToken } from "../platform/crypto/token";
import { db, type Tx } from "../platform/db";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long a session lives from login, however busy it is, in milliseconds (ASVS v5.0.0-7.3.2; NIST SP 800-63B-4 §2.1.3). */
export const LIFETIME_MS = { browser: 24 * HOUR_MS, remembered: 30 * DAY_MS } as const;

/** How long a session may lie unused, in milliseconds (ASVS v5.0.0-7.3.1). */
export const IDLE_MS = { browser: 2 * HOUR_MS, remembered: 14 * DAY_MS } as const;

/** Last-seen is written at most this often, in milliseconds, so that reading pages costs no disk. */
export const LAST_SEEN_EVERY_MS = MINUTE_MS;

/** Someone who is logged in, as pages may see them. */
export interface SessionUser {
  id: string;
  username: string;
  email: string;
  /** False until the address is shown to be theirs. */
  isVerified: boolean;
  createdAt: Date;
}

export interface LiveSession {
  id: string;
  isRemembered: boolean;
  /** The absolute end; nothing moves it. */
  expiresAt: Date;
  user: SessionUser;
}

/** Opens a session for `userId` and returns the token for the cookie, which is kept nowhere else. */
export async function openSession(
  userId: string,
  isRemembered: boolean,
  client: Pick<ClientInfo, "ip" | "userAgent">,
  tx: Tx = db,
): Promise<string> {
  const token = newToken();
  const now = Date.now();
  const lifetime = isRemembered ? LIFETIME_MS.remembered : LIFETIME_MS.browser;
  await tx.session.create({
    data: {
      tokenHash: hashToken(token),
      userId,
      isRemembered,
      createdAt: new Date(now),
      lastSeenAt: new Date(now),
      expiresAt: new Date(now + lifetime),
      ip: client.ip,
      userAgent: client.userAgent,
    },
    select: { id: true },
  });
  return token;
}

/**
 * The live session a token opens; null when there is none: never made, revoked, its user gone, idle too long or past
 * its end. A session found dead is removed, and `onExpired` told whose it was, once.
 */
export async function findSession(
  token: string,
  onExpired?: (userId: string) => Promise<void>,
): Promise<LiveSession | null> {
  if (!hasTokenShape(token)) return null;
  const session = await db.session.findUnique({
    where: { tokenHash: hashToken(token) },
    select: {
      id: true,
      isRemembered: true,
      lastSeenAt: true,
      expiresAt: true,
      user: { select: { id: true, username: true, email: true, emailVerified: true, createdAt: true } },
    },
  });
  if (!session) return null;

  const now = Date.now();
  const idleMs = session.isRemembered ? IDLE_MS.remembered : IDLE_MS.browser;
  const idleSinceMs = now - session.lastSeenAt.getTime();
  if (now >= session.expiresAt.getTime() || idleSinceMs >= idleMs) {
    const { count } = await db.session.deleteMany({ where: { id: session.id } });
    if (count > 0) await onExpired?.(session.user.id);
    return null;
  }
  if (idleSinceMs >= LAST_SEEN_EVERY_MS)
    await db.session.updateMany({
      where: { id: session.id, lastSeenAt: session.lastSeenAt }, // of several readers at once, one writes
      data: { lastSeenAt: new Date(now) },
    });
  const { emailVerified, ...user } = session.user;
  return {
    id: session.id,
    isRemembered: session.isRemembered,
    expiresAt: session.expiresAt,
    user: { ...user, isVerified: emailVerified !== null },
  };
}

/** Ends the session a token opens; one that is gone already is no error. */
export async function revokeSession(token: string): Promise<void> {
  await db.session.deleteMany({ where: { tokenHash: hashToken(token) } });
}

/** Ends all sessions of an account, with the change that makes them worth nothing (ASVS v5.0.0-7.4.3). */
export async function revokeSessions(userId: string, tx: Tx): Promise<void> {
  await tx.session.deleteMany({ where: { userId } });
}
