import "server-only";
import { passwordResetEmail } from "../mail/emails/password-reset";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { record } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { makeLinkToken, spendLinkToken } from "../security/link-tokens";
import { type MoveOutcome, takeAddressBack } from "./change-email";
import { lock } from "./locks";
import type { Addressee } from "./security-alerts";
import { unlessTaken } from "./set-email";

/** What became of the account: it is locked, and where `isAddressBack` it has the address again that the link was sent to. */
export type LockAccountOutcome = { ok: true; isAddressBack: boolean } | Exclude<MoveOutcome, { ok: true }>;

/**
 * Locks the account by the link of a security alert, because its owner had no part in what the alert tells. An email with
 * a link for a new password goes out, which ends the lock. Where the account has got another address since, and the one that
 * the link was sent to can be taken back, it is.
 */
export async function lockAccount(token: string, client: ClientInfo): Promise<LockAccountOutcome> {
  return unlessTaken(async (tx) => {
    const owner = await spendLinkToken("lock-account", token, tx);
    if (!owner) return { ok: false, reason: "link-spent" };
    if (owner.address !== null) {
      await takeAddressBack(owner, owner.address, client, tx);
      return { ok: true, isAddressBack: true };
    }
    await lockFor(owner, "account-locked", client, tx);
    return { ok: true, isAddressBack: false };
  });
}

/**
 * The same for a person who is logged in and finds that somebody else has been. Their address has to be confirmed: the email
 * that goes there is the way back.
 * @returns false, and nothing done, when it is not
 */
export async function lockOwnAccount(userId: string, client: ClientInfo): Promise<boolean> {
  return db.$transaction(async (tx) => {
    await holdAccount({ id: userId }, tx);
    const owner = await tx.user.findFirst({
      where: { id: userId, emailVerified: { not: null } },
      select: { id: true, username: true, email: true, emailCanonical: true },
    });
    if (!owner) return false;
    await lockFor(owner, "account-locked-inside", client, tx);
    return true;
  });
}

async function lockFor(
  { id, username, email, emailCanonical }: Addressee,
  event: "account-locked" | "account-locked-inside",
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  await lock(id, "owner", tx);
  await record(event, { userId: id }, client, tx);
  const made = await makeLinkToken("reset-password", { userId: id, emailCanonical }, tx);
  await enqueueEmail(passwordResetEmail({ email, username }, client, made), tx);
}
