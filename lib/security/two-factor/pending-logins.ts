import "server-only";
import { hashToken, hasTokenShape, newToken } from "../../platform/crypto/token";
import { db, type Tx } from "../../platform/db";
import { atOnce, inBatches, type Pace } from "../../platform/db/in-batches";
import { PENDING_LOGIN_MS } from "../../shared/two-factor";

/** A login that waits for its second proof, just begun. */
export interface OpenedPendingLogin {
  id: string;
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
  /** True for the browser that has just confirmed the account's address. */
  isConfirming: boolean;
  /** The email that is to tell the owner of it, if one is. */
  alertEmailId: string | null;
  user: { id: string; username: string; email: string; emailCanonical: string };
}

/**
 * Begins to wait for the second proof, in the transaction that has found the first one right. Those of the account that have
 * waited too long go, so that it has no more than its right passwords of ten minutes; none that still waits does: who has the
 * password must not push the owner's out.
 */
export async function openPendingLogin(
  login: { userId: string; how: string; isRemembered: boolean; isConfirming?: boolean },
  tx: Tx,
): Promise<OpenedPendingLogin> {
  const token = newToken();
  const createdAt = new Date();
  const expiresAt = new Date(createdAt.getTime() + PENDING_LOGIN_MS);
  await tx.pendingLogin.deleteMany({ where: { userId: login.userId, expiresAt: { lte: createdAt } } });
  const { id } = await tx.pendingLogin.create({
    data: { ...login, tokenHash: hashToken(token), createdAt, expiresAt },
    select: { id: true },
  });
  return { id, token, expiresAt };
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
      isConfirming: true,
      alertEmailId: true,
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

/** True while any login of an account waits. */
export async function isAnyPending(userId: string, tx: Tx): Promise<boolean> {
  return (await tx.pendingLogin.count({ where: { userId, expiresAt: { gt: new Date() } } })) > 0;
}

/** Notes which email is to tell of a login that waits. The transaction holds the account. */
export async function noteAlertOf(id: string, alertEmailId: string | null, tx: Tx): Promise<void> {
  await tx.pendingLogin.updateMany({ where: { id }, data: { alertEmailId } });
}

/** The emails that are to tell of logins of an account that wait. */
export async function findAlertsOfPending(userId: string, tx: Tx): Promise<(string | null)[]> {
  const where = { userId, alertEmailId: { not: null } };
  const rows = await tx.pendingLogin.findMany({ where, select: { alertEmailId: true } });
  return rows.map(({ alertEmailId }) => alertEmailId);
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
