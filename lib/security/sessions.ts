import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { hashToken, hasTokenShape, newToken } from "../platform/crypto/token";
import { db, type Tx } from "../platform/db";
import { defer } from "../platform/defer";
import { logError } from "../platform/log";
import { SESSIONS_MAX } from "../shared/limits";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../shared/units";

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
  /** What to call them, as they chose it; null: by the username. */
  name: string | null;
  email: string;
  /** False until the address is shown to be theirs. */
  isVerified: boolean;
  /** The hash of their picture, by which its address is known; null: they have none. */
  pictureHash: string | null;
  /** False where they have never given up a username, as most: then there is none to ask for. */
  hasFormerUsernames: boolean;
  createdAt: Date;
}

export interface LiveSession {
  id: string;
  /** When its person logged in. */
  createdAt: Date;
  /** When they last proved who they are, where that was not at the login: after it, or before it at a provider. */
  provenAt: Date | null;
  /** When they last proved a second factor; null: not in this session. */
  secondFactorAt: Date | null;
  isRemembered: boolean;
  lastSeenAt: Date;
  /** The absolute end; nothing moves it. */
  expiresAt: Date;
  user: SessionUser;
}

/** A session of an account that is to be deleted. It opens the page that asks whether to keep it, and a log-out. */
export interface LeavingSession extends LiveSession {
  /** When the account is erased. */
  deleteAt: Date;
}

/** What a session takes over, or has been proven beside the first proof. */
interface SessionMoments {
  /** When it began, of one that goes on under a new token because its person has proven again who they are. */
  loggedInAt?: Date | null;
  /** When a second factor was proven for it. */
  secondFactorAt?: Date | null;
  /** When its person last proved who they are, where that was elsewhere and not now. */
  provenAt?: Date;
}

/** A session just opened. */
export interface OpenedSession {
  /** The value for the session cookie. It is kept nowhere else. */
  token: string;
  userId: string;
  isRemembered: boolean;
  expiresAt: Date;
}

/**
 * Opens a session; of more than {@link SESSIONS_MAX} the ones unused longest end. Logins call `admit`, which asks first
 * whether the account may be opened.
 */
export async function openSession(
  userId: string,
  isRemembered: boolean,
  client: Pick<ClientInfo, "ip" | "userAgent">,
  tx: Tx = db,
  { loggedInAt = null, secondFactorAt = null, provenAt }: SessionMoments = {},
): Promise<OpenedSession> {
  const token = newToken();
  const now = Date.now();
  const expiresAt = new Date(now + (isRemembered ? LIFETIME_MS.remembered : LIFETIME_MS.browser));
  await tx.session.create({
    data: {
      tokenHash: hashToken(token),
      userId,
      isRemembered,
      createdAt: loggedInAt ?? new Date(now),
      provenAt: provenAt ?? (loggedInAt && new Date(now)),
      secondFactorAt,
      lastSeenAt: new Date(now),
      expiresAt,
      ip: client.ip,
      userAgent: client.userAgent,
    },
    select: { id: true },
  });
  await endSurplus(userId, tx);
  return { token, userId, isRemembered, expiresAt };
}

async function endSurplus(userId: string, tx: Tx): Promise<void> {
  const surplus = await tx.session.findMany({
    where: { userId },
    orderBy: [{ lastSeenAt: "desc" }, { createdAt: "desc" }],
    skip: SESSIONS_MAX,
    select: { id: true },
  });
  if (surplus.length > 0) await tx.session.deleteMany({ where: { id: { in: surplus.map(({ id }) => id) } } });
}

/**
 * The live session a token opens; null when there is none: never made, revoked, its user gone or locked, idle too long or
 * past its end, or {@link findLeavingSession} has it. Looking changes nothing.
 */
export async function findSession(token: string): Promise<LiveSession | null> {
  const found = await findAnySession(token);
  return found && found.deleteAt === null ? found.session : null;
}

/** The same of an account that is to be deleted; null while it is not. */
export async function findLeavingSession(token: string): Promise<LeavingSession | null> {
  const found = await findAnySession(token);
  return found && found.deleteAt !== null ? { ...found.session, deleteAt: found.deleteAt } : null;
}

/** What is read of a session at once. */
interface SessionRow
  extends Omit<LiveSession, "user">,
    Pick<SessionUser, "username" | "name" | "email" | "pictureHash"> {
  userId: string;
  registeredAt: Date;
  emailVerified: Date | null;
  /** As a number from SQLite. */
  isLocked: boolean | number;
  hasFormerUsernames: boolean | number;
  deleteAt: Date | null;
}

/** One statement, because every private page begins with it: Prisma would ask for each table by itself. */
async function findAnySession(
  token: string,
): Promise<{ session: LiveSession; deleteAt: Date | null } | null> {
  if (!hasTokenShape(token)) return null;
  const [row] = await db.$queryRaw<SessionRow[]>`
    SELECT "Session"."id", "Session"."createdAt", "provenAt", "secondFactorAt", "isRemembered", "lastSeenAt", "expiresAt",
      "Session"."userId", "username", "name", "email", "emailVerified", "User"."createdAt" AS "registeredAt", "deleteAt",
      "lockedByOwnerAt" IS NOT NULL OR "lockedByOperatorAt" IS NOT NULL AS "isLocked", "hash" AS "pictureHash",
      EXISTS (SELECT 1 FROM "FormerUsername" WHERE "userId" = "Session"."userId") AS "hasFormerUsernames"
    FROM "Session"
    JOIN "User" ON "User"."id" = "Session"."userId"
    LEFT JOIN "Picture" ON "Picture"."userId" = "Session"."userId"
    WHERE "tokenHash" = ${hashToken(token)}`;
  if (!row || row.isLocked || isExpired(row)) return null;
  const { id, createdAt, provenAt, secondFactorAt, isRemembered, lastSeenAt, expiresAt, deleteAt } = row;
  const { userId, username, name, email, pictureHash, registeredAt } = row;
  const user = {
    id: userId,
    username,
    name,
    email,
    isVerified: row.emailVerified !== null,
    pictureHash,
    hasFormerUsernames: Boolean(row.hasFormerUsernames),
    createdAt: registeredAt,
  };
  return {
    session: { id, createdAt, provenAt, secondFactorAt, isRemembered, lastSeenAt, expiresAt, user },
    deleteAt,
  };
}

/** Tokens looked up at once, at most: a browser has one for each neighbour on this host, and anyone can send any number. */
const LOOKED_UP_MAX = 50;

/**
 * Of these tokens those of live sessions, the one used last first, and behind the others those that {@link findLeavingSession}
 * has: a log-out ends them too. One query, which changes nothing.
 */
export async function findLiveTokens(tokens: string[]): Promise<string[]> {
  const looked = tokens.filter(hasTokenShape).slice(0, LOOKED_UP_MAX);
  if (looked.length === 0) return [];
  const byHash = new Map(looked.map((token) => [hashToken(token), token]));
  const sessions = await db.session.findMany({
    where: {
      tokenHash: { in: [...byHash.keys()] },
      user: { lockedByOwnerAt: null, lockedByOperatorAt: null },
    },
    orderBy: { lastSeenAt: "desc" },
    select: {
      tokenHash: true,
      isRemembered: true,
      lastSeenAt: true,
      expiresAt: true,
      user: { select: { deleteAt: true } },
    },
  });
  const isLeaving = ({ user }: (typeof sessions)[number]) => user.deleteAt !== null;
  return sessions
    .filter((session) => !isExpired(session))
    .sort((one, other) => Number(isLeaving(one)) - Number(isLeaving(other)))
    .flatMap(({ tokenHash }) => byHash.get(tokenHash) ?? []);
}

/**
 * Notes that a session is in use, at most once in {@link LAST_SEEN_EVERY_MS}; the idle time-out counts from there. Written
 * once the answer is out, and a write that fails is left out: reading a page needs none.
 */
export async function touchSession({ id, lastSeenAt }: LiveSession): Promise<void> {
  const now = Date.now();
  if (now - lastSeenAt.getTime() < LAST_SEEN_EVERY_MS) return;
  // Of several requests at once, one writes.
  const query = { where: { id, lastSeenAt }, data: { lastSeenAt: new Date(now) } };
  const write = () => db.session.updateMany(query).then(() => {}, logError);
  if (!defer(write)) await write();
}

/**
 * Deletes the session of this token if it is idle too long or past its end.
 * @returns whose session it was; null when there is none or it is not expired, and for all but one of several calls
 */
export async function removeExpiredSession(token: string): Promise<{ userId: string } | null> {
  if (!hasTokenShape(token)) return null;
  const session = await db.session.findUnique({
    where: { tokenHash: hashToken(token) },
    select: { id: true, userId: true, isRemembered: true, lastSeenAt: true, expiresAt: true },
  });
  if (!session || !isExpired(session)) return null;
  const { count } = await db.session.deleteMany({ where: { id: session.id } });
  return count > 0 ? { userId: session.userId } : null;
}

/** True for a session past its end, or left alone too long. */
export function isExpired({
  isRemembered,
  lastSeenAt,
  expiresAt,
}: Pick<LiveSession, "isRemembered" | "lastSeenAt" | "expiresAt">): boolean {
  const now = Date.now();
  const idleMs = isRemembered ? IDLE_MS.remembered : IDLE_MS.browser;
  return now >= expiresAt.getTime() || now - lastSeenAt.getTime() >= idleMs;
}

/** Ends the session a token opens. False when there was none, which is no error. */
export async function revokeSession(token: string, tx: Tx = db): Promise<boolean> {
  const { count } = await tx.session.deleteMany({ where: { tokenHash: hashToken(token) } });
  return count > 0;
}

/**
 * Ends all sessions of an account, and gives the browser with this one a new session, remembered as the former was: a copy of
 * its cookie opens nothing any more (ASVS v5.0.0-7.2.4, 7.4.3).
 * @returns null when that session has ended meanwhile: then none is opened
 */
export async function replaceSessions(
  userId: string,
  token: string,
  client: Pick<ClientInfo, "ip" | "userAgent">,
  tx: Tx,
): Promise<OpenedSession | null> {
  const former = await tx.session.findFirst({
    where: { tokenHash: hashToken(token), userId },
    select: { isRemembered: true, createdAt: true, secondFactorAt: true },
  });
  const isAlive = await revokeSession(token, tx); // false when a log-out at this moment was quicker
  await revokeSessions(userId, tx);
  if (!former || !isAlive) return null;
  const { isRemembered, createdAt: loggedInAt, secondFactorAt } = former;
  return openSession(userId, isRemembered, client, tx, { loggedInAt, secondFactorAt });
}

/**
 * Ends all sessions of an account but this one, which goes on under a new token: with the end it had and no new proof, since
 * nobody has proven anything.
 * @returns null when it has ended meanwhile: then nothing is done
 */
export async function renewSession(
  userId: string,
  formerToken: string,
  { ip, userAgent }: Pick<ClientInfo, "ip" | "userAgent">,
  tx: Tx,
): Promise<OpenedSession | null> {
  const token = newToken();
  const tokenHash = hashToken(token);
  const data = { tokenHash, lastSeenAt: new Date(), ip, userAgent };
  const { count } = await tx.session.updateMany({
    where: { tokenHash: hashToken(formerToken), userId },
    data,
  });
  if (count === 0) return null;
  await tx.session.deleteMany({ where: { userId, tokenHash: { not: tokenHash } } });
  const select = { userId: true, isRemembered: true, expiresAt: true };
  return { token, ...(await tx.session.findUniqueOrThrow({ where: { tokenHash }, select })) };
}

/** Ends all sessions of an account, with the change that makes them worth nothing (ASVS v5.0.0-7.4.3). */
export async function revokeSessions(userId: string, tx: Tx): Promise<void> {
  await tx.session.deleteMany({ where: { userId } });
}
