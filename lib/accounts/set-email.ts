import "server-only";
import { db, type Tx } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";
import { ADDRESSEE_COLUMNS } from "../security/addressee";
import { isReserved } from "../security/ways-back";
import { canonical } from "../shared/canonical";
import { forgetLoginAlerts, readdressLoginAlerts } from "./security-alerts";

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
 * Gives an account an address. Emails that wait for their time to tell its owner of logins, and of those that wait, go there:
 * sessions, browsers and the password stay, a thief's too.
 * @param emailVerified when it was shown to be the owner's; null: it was not
 */
export async function setEmail(id: string, email: string, emailVerified: Date | null, tx: Tx): Promise<void> {
  const owner = await tx.user.update({
    where: { id },
    data: { email, emailCanonical: canonical(email), emailVerified },
    select: ADDRESSEE_COLUMNS,
  });
  if (emailVerified === null) await forgetLoginAlerts(id, tx);
  else await readdressLoginAlerts(owner, tx);
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
