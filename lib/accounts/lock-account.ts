import "server-only";
import { passwordResetEmail } from "../mail/emails/password-reset";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import { makeLinkToken, spendLinkToken } from "../security/link-tokens";
import { lock } from "./locks";

/**
 * Locks the account by the link of a security alert, because its owner had no part in what the alert tells. An email with
 * a link for a new password goes out, which ends the lock. False when the link does not work.
 */
export async function lockAccount(token: string, client: ClientInfo): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const owner = await spendLinkToken("lock-account", token, tx);
    if (!owner) return false;
    const { id, email, emailCanonical } = owner;
    await lock(id, "owner", tx);
    await record("account-locked", { userId: id }, client, tx);
    const made = await makeLinkToken("reset-password", { userId: id, emailCanonical }, tx);
    await enqueueEmail(passwordResetEmail(email, made), tx);
    return true;
  });
}
