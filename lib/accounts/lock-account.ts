import "server-only";
import { resetPasswordLetter } from "../mail/emails/password-reset";
import { post } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import { endMailTokens, makeMailToken, spendMailToken } from "../security/link-tokens";
import { revokeSessions } from "../security/sessions";

/**
 * Locks the account a notice was about, because its owner had no part in what it told: every session ends, the password
 * works no longer, and a letter with a link for a new one goes out. False when the link does not work.
 */
export async function lockAccount(token: string, client: ClientInfo): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const owner = await spendMailToken("lock-account", token, tx);
    if (!owner) return false;
    const { id, email, emailCanonical } = owner;
    await tx.user.update({ where: { id }, data: { passwordHash: null }, select: { id: true } });
    await revokeSessions(id, tx);
    await endMailTokens(id, ["change-email"], tx);
    await record("account-locked", { userId: id }, client, tx);
    const made = await makeMailToken("reset-password", { userId: id, emailCanonical }, tx);
    await post(resetPasswordLetter(email, made), tx);
    return true;
  });
}
