import "server-only";
import type { Tx } from "../platform/db";
import { dropConnections } from "../security/connections/connections";
import { endAllLinkTokens } from "../security/link-tokens";
import { forgetChanges } from "../security/rate-limits/account-limits";
import { forgetFailures } from "../security/rate-limits/login-limits";
import { forgetWrongRecoveryCodes } from "../security/rate-limits/second-factor-limits";
import { dropFactors } from "./factors";
import { endAccess, endDeletion, endLock } from "./locks";

/**
 * Ends what stands between an owner and their account once they have shown that its address is theirs: every session and known
 * browser, the owner's lock, a deletion, and what was counted. The operator's lock stays. Where the address was never
 * confirmed, a stranger may have registered with it, and nothing they set stays but the username. The transaction holds the
 * account.
 * @returns when it would have been erased; null: it was not to be deleted
 */
export async function beginAnew(
  { id, emailCanonical }: { id: string; emailCanonical: string },
  isNeverConfirmed: boolean,
  tx: Tx,
): Promise<Date | null> {
  await endAccess(id, tx); // before what follows ends logins that wait: emails about them are taken back
  if (isNeverConfirmed) await endWhatAStrangerSet(id, tx);
  await endLock(id, "owner", tx);
  const deleteAt = await endDeletion(id, tx);
  await forgetFailures(emailCanonical, tx);
  await forgetWrongRecoveryCodes(id, tx);
  await forgetChanges(id, tx);
  return deleteAt;
}

/**
 * Ends links, second factors, the ways to log in with providers, and all that a profile has: a display name, a picture and
 * former names. Else a stranger who registers with somebody's address would keep it from them by a factor. An app built on this
 * ends here what it keeps of the account itself, whose id goes on to another person.
 */
async function endWhatAStrangerSet(userId: string, tx: Tx): Promise<void> {
  await endAllLinkTokens(userId, tx); // also one that would give it another address
  await dropFactors(userId, tx);
  await dropConnections(userId, tx);
  await tx.picture.deleteMany({ where: { userId } });
  await tx.formerUsername.deleteMany({ where: { userId } });
  await tx.user.update({ where: { id: userId }, data: { name: null, image: null }, select: { id: true } });
}
