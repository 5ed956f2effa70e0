import "server-only";
import { findWaitingEmail } from "../mail/outbox";
import { db, type Tx } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";
import { ADDRESSEE_COLUMNS } from "../security/addressee";
import { findTold, noteAlertOf } from "../security/two-factor/pending-logins";
import { isReserved } from "../security/ways-back";
import { canonical } from "../shared/canonical";
import { PENDING_LOGIN_MS } from "../shared/two-factor";
import { forgetLoginAlerts, sendHalfDoneAlert } from "./security-alerts";

/** Another account has the address, or can still take it back. */
export interface Taken {
  ok: false;
  reason: "taken";
}

/** Another account can still take the address back. */
class AddressReservedError extends Error {
  override readonly name = "AddressReservedError";
}

/** Runs a transaction that sets an address. When another account has got it meanwhile everything is undone. */
export async function unlessTaken<T>(work: (tx: Tx) => Promise<T>): Promise<T | Taken> {
  try {
    return await db.$transaction(work);
  } catch (error) {
    if (!isUniqueViolation(error) && !(error instanceof AddressReservedError)) throw error;
    return { ok: false, reason: "taken" };
  }
}

/**
 * Gives an account an address. What is to be told of a right first proof, or has been while its login still waits, is told at
 * the new address.
 * @param emailVerified when it was shown to be the owner's; null: it was not
 */
export async function setEmail(id: string, email: string, emailVerified: Date | null, tx: Tx): Promise<void> {
  const owner = await tx.user.update({
    where: { id },
    data: { email, emailCanonical: canonical(email), emailVerified },
    select: ADDRESSEE_COLUMNS,
  });
  const told: Awaited<ReturnType<typeof findTold>> = [];
  for (const login of await findTold(id, tx)) {
    const { alertEmailId, expiresAt } = login;
    const isWaiting = alertEmailId !== null && (await findWaitingEmail(alertEmailId, tx)) !== null;
    if (isWaiting || expiresAt > new Date()) told.push(login);
  }
  await forgetLoginAlerts(id, tx);
  for (const { id: waitingId, how, createdAt } of told) {
    const dueAt = new Date(createdAt.getTime() + PENDING_LOGIN_MS);
    const emailId = await sendHalfDoneAlert(owner, how, null, dueAt, tx, createdAt);
    await noteAlertOf(waitingId, emailId, tx);
  }
}

/** The same for an address that no other account may still take back. To be called in {@link unlessTaken}. */
export async function setFreeEmail(
  id: string,
  email: string,
  emailVerified: Date | null,
  tx: Tx,
): Promise<void> {
  await setEmail(id, email, emailVerified, tx);
  if (await isReserved(canonical(email), id, tx)) throw new AddressReservedError();
}
