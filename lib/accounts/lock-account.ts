import "server-only";
import { passwordResetEmail } from "../mail/emails/password-reset";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { record } from "../security/audit";
import { makeLinkToken, spendLinkToken } from "../security/link-tokens";
import { type MoveOutcome, takeAddressBack } from "./change-email";
import { lock } from "./locks";
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
    const { id, username, email, emailCanonical } = owner;
    await lock(id, "owner", tx);
    await record("account-locked", { userId: id }, client, tx);
    const made = await makeLinkToken("reset-password", { userId: id, emailCanonical }, tx);
    await enqueueEmail(passwordResetEmail({ email, username }, client, made), tx);
    return { ok: true, isAddressBack: false };
  });
}
