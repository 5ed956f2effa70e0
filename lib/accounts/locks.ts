import "server-only";
import type { Tx } from "../platform/db";
import { forgetBrowsers } from "../security/known-browsers";
import { endLinkTokens } from "../security/link-tokens";
import { revokeSessions } from "../security/sessions";
import { endPendingLogins } from "../security/two-factor/pending-logins";
import { forgetLoginAlerts, tellNextLoginAtOnce } from "./security-alerts";

/** Who locked an account: its owner by an emailed link, or the operator. */
export type LockedBy = "owner" | "operator";

/** The two locks of an account. Each has a column of its own, so that the end of one leaves the other. */
export interface Locks {
  lockedByOwnerAt: Date | null;
  lockedByOperatorAt: Date | null;
}

/**
 * Locks an account: no login opens it, every session ends, no browser is known any more, and no link gives it another
 * address; those that take one back stay. Its password stays. A lock that this one has set before keeps its moment. It ends a
 * deletion: whoever asked for that may have had no part in the account, and nobody could answer the question whether to keep
 * it. The transaction holds the account already.
 * @returns when the account would have been erased; null: it was not to be deleted
 */
export async function lock(userId: string, by: LockedBy, tx: Tx): Promise<Date | null> {
  await tx.user.updateMany({ where: { id: userId, ...at(by, null) }, data: at(by, new Date()) });
  const deleteAt = await endDeletion(userId, tx);
  await endLinkTokens(userId, "change-email", tx); // who knows the password can follow it
  await endAccess(userId, tx);
  return deleteAt;
}

/**
 * Ends what a person who got into an account has left of it: every session, every login that waits for its second proof, and
 * every known browser. The next login is news to the owner at once, and an email that is to tell of former ones is taken back.
 */
export async function endAccess(userId: string, tx: Tx): Promise<void> {
  await forgetLoginAlerts(userId, tx);
  await endLogins(userId, tx);
}

/** The same, and what the owner has yet to hear leaves all the same: for what changes no lock, password or address. */
export async function endAccessKeepingAlerts(userId: string, tx: Tx): Promise<void> {
  await tellNextLoginAtOnce(userId, tx);
  await endLogins(userId, tx);
}

async function endLogins(userId: string, tx: Tx): Promise<void> {
  await endPendingLogins(userId, tx);
  await revokeSessions(userId, tx);
  await forgetBrowsers(userId, tx);
}

/**
 * Keeps an account that was to be deleted. The transaction holds the account already.
 * @returns when it would have been erased; null: it was not to be deleted
 */
export async function endDeletion(userId: string, tx: Tx): Promise<Date | null> {
  const leaving = await tx.user.findFirst({
    where: { id: userId, deleteAt: { not: null } },
    select: { deleteAt: true },
  });
  if (leaving)
    await tx.user.update({ where: { id: userId }, data: { deleteAt: null }, select: { id: true } });
  return leaving?.deleteAt ?? null;
}

/** True while an account is to be deleted. */
export async function isLeaving(userId: string, tx: Tx): Promise<boolean> {
  return (await tx.user.count({ where: { id: userId, deleteAt: { not: null } } })) > 0;
}

/** Ends the lock that this one has set; the other one's stays. False when there was no such lock. */
export async function endLock(userId: string, by: LockedBy, tx: Tx): Promise<boolean> {
  const { count } = await tx.user.updateMany({
    where: { id: userId, NOT: at(by, null) },
    data: at(by, null),
  });
  return count > 0;
}

/** Whose lock keeps an account shut now; null when it is not locked. */
export async function findLock(userId: string, tx: Tx): Promise<LockedBy | null> {
  const locks = await tx.user.findUnique({
    where: { id: userId },
    select: { lockedByOwnerAt: true, lockedByOperatorAt: true },
  });
  return locks && lockOf(locks);
}

/** Whose lock keeps an account shut; null when it is not locked. The operator's comes first: no new password ends it. */
export function lockOf({ lockedByOwnerAt, lockedByOperatorAt }: Locks): LockedBy | null {
  if (lockedByOperatorAt !== null) return "operator";
  return lockedByOwnerAt !== null ? "owner" : null;
}

function at(by: LockedBy, moment: Date | null) {
  return by === "owner" ? { lockedByOwnerAt: moment } : { lockedByOperatorAt: moment };
}
