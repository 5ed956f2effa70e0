import "server-only";
import { hashToken, hasTokenShape, newToken } from "../../platform/crypto/token";
import { db, type Tx } from "../../platform/db";
import { atOnce, inBatches, type Pace } from "../../platform/db/in-batches";
import { PENDING_LOGIN_MS } from "../../shared/two-factor";

/** A login that waits for its second proof, just begun. */
export interface OpenedPendingLogin {
  /** The value for its cookie. It is kept nowhere else. */
  token: string;
  expiresAt: Date;
}

/** A login that waits for its second proof. */
export interface PendingLogin {
  id: string;
  /** What was proven first. */
  how: string;
  isRemembered: boolean;
  user: { id: string; username: string; email: string; emailCanonical: string };
}

/** Begins to wait for the second proof, in the transaction that has found the first one right. */
export async function openPendingLogin(
  { userId, how, isRemembered }: { userId: string; how: string; isRemembered: boolean },
  tx: Tx,
): Promise<OpenedPendingLogin> {
  const token = newToken();
  const createdAt = new Date();
  const expiresAt = new Date(createdAt.getTime() + PENDING_LOGIN_MS);
  await tx.pendingLogin.create({
    data: { tokenHash: hashToken(token), userId, how, isRemembered, createdAt, expiresAt },
    select: { id: true },
  });
  return { token, expiresAt };
}

/** Null: there is none, or it has waited too long. Looking changes nothing. */
export async function findPendingLogin(token: string): Promise<PendingLogin | null> {
  if (!hasTokenShape(token)) return null;
  return db.pendingLogin.findUnique({
    where: { tokenHash: hashToken(token), expiresAt: { gt: new Date() } },
    select: {
      id: true,
      how: true,
      isRemembered: true,
      user: { select: { id: true, username: true, email: true, emailCanonical: true } },
    },
  });
}

/**
 * Ends the waiting, for the login that goes on: one of any number at once. False when the account's password was changed, the
 * account was locked, or its factors changed since the first proof: that has ended it.
 */
export async function spendPendingLogin(id: string, tx: Tx): Promise<boolean> {
  const { count } = await tx.pendingLogin.deleteMany({ where: { id, expiresAt: { gt: new Date() } } });
  return count === 1;
}

/** True while a login waits. */
export async function isStillPending(id: string, tx: Tx): Promise<boolean> {
  return (await tx.pendingLogin.count({ where: { id, expiresAt: { gt: new Date() } } })) > 0;
}

/**
 * Ends every login of an account that waits: what its first proof was worth has changed.
 * @param sparedId the one that goes on, if one does
 */
export async function endPendingLogins(
  userId: string,
  tx: Tx,
  sparedId: string | null = null,
): Promise<void> {
  await tx.pendingLogin.deleteMany({
    where: { userId, ...(sparedId !== null && { id: { not: sparedId } }) },
  });
}

/** Deletes those that have waited too long. Answers how many. */
export function purgePendingLogins(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = { expiresAt: { lt: new Date(now) } };
  return inBatches((limit) => db.pendingLogin.deleteMany({ where, limit }), pace);
}
