import "server-only";
import { db, type Tx } from "../platform/db";
import { isExpired } from "./sessions";
import { endWaitingProofs } from "./two-factor/pending-logins";

/** A live session as its person finds it in the list of theirs. */
export interface ListedSession {
  id: string;
  createdAt: Date;
  lastSeenAt: Date;
  isRemembered: boolean;
  ip: string | null;
  userAgent: string | null;
}

/** The live sessions of an account, the one used last first. */
export async function findLiveSessions(userId: string): Promise<ListedSession[]> {
  const sessions = await db.session.findMany({
    where: { userId },
    orderBy: [{ lastSeenAt: "desc" }, { createdAt: "desc" }],
    select: {
      id: true,
      createdAt: true,
      lastSeenAt: true,
      expiresAt: true,
      isRemembered: true,
      ip: true,
      userAgent: true,
    },
  });
  return sessions.filter((session) => !isExpired(session)).map(({ expiresAt: _, ...listed }) => listed);
}

/** Ends this session of an account, and what it has begun. False when the account has none with that id, whoever else may have it. */
export async function revokeListedSession({ userId, id }: ListedId, tx: Tx): Promise<boolean> {
  await endWaitingProofs({ userId, sessionId: id }, tx);
  const { count } = await tx.session.deleteMany({ where: { id, userId } });
  return count > 0;
}

/** Ends all sessions of an account but this one, and what they have begun. Answers how many there were. */
export async function revokeOtherSessions({ userId, id }: ListedId, tx: Tx): Promise<number> {
  await endWaitingProofs({ userId, sessionId: { not: id } }, tx);
  const { count } = await tx.session.deleteMany({ where: { userId, id: { not: id } } });
  return count;
}

/** A session by its row, and whose it has to be. */
interface ListedId {
  userId: string;
  id: string;
}
