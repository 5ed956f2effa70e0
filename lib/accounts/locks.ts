import "server-only";
import type { Tx } from "../platform/db";
import { forgetBrowsers } from "../security/known-browsers";
import { revokeSessions } from "../security/sessions";

/** Who locked an account: its owner by an emailed link, or the operator. */
export type LockedBy = "owner" | "operator";

/**
 * Locks an account: no login opens it, every session ends, and no browser is known any more. Its password stays. An
 * operator's lock takes the place of an owner's and not the reverse: only the operator may end it.
 */
export async function lock(userId: string, by: LockedBy, tx: Tx): Promise<void> {
  const replaced = by === "operator" ? [{ lockedAt: null }, { lockedBy: "owner" }] : [{ lockedAt: null }];
  await tx.user.updateMany({
    where: { id: userId, OR: replaced },
    data: { lockedAt: new Date(), lockedBy: by },
  });
  await revokeSessions(userId, tx);
  await forgetBrowsers(userId, tx);
}

/** Ends the lock that was set by this one. False when there was no such lock. */
export async function endLock(userId: string, by: LockedBy, tx: Tx): Promise<boolean> {
  const { count } = await tx.user.updateMany({
    where: { id: userId, lockedBy: by },
    data: { lockedAt: null, lockedBy: null },
  });
  return count > 0;
}

/** True while an account is locked, by its owner or by the operator. */
export async function isLocked(userId: string, tx: Tx): Promise<boolean> {
  return (await tx.user.count({ where: { id: userId, lockedAt: { not: null } } })) > 0;
}

/** Who locked an account; null when it is not locked. */
export function lockOf(user: { lockedAt: Date | null; lockedBy: string | null }): LockedBy | null {
  if (user.lockedAt === null) return null;
  return user.lockedBy === "owner" ? "owner" : "operator"; // an unknown lock is one that no visitor can end
}
