import "server-only";
import { noAccountLetter } from "../mail/emails/no-account";
import { passwordChangedLetter } from "../mail/emails/password-changed";
import { resetPasswordLetter } from "../mail/emails/password-reset";
import { post } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import { endMailTokens, findMailToken, makeMailToken, spendMailToken } from "../security/link-tokens";
import { hashPassword } from "../security/passwords/password";
import { findBreach, findWeakness, type Weakness } from "../security/passwords/password-policy";
import { takeLetter, unlock } from "../security/rate-limits/rate-limits";
import { revokeSessions } from "../security/sessions";
import { canonical, type ForgotPasswordInput, type ResetPasswordInput } from "../shared/schemas";
import { type LetterOutcome, notify } from "./security-alerts";

export type ResetPasswordOutcome =
  | { ok: true }
  /** Used before, too old, or never ours. */
  | { ok: false; reason: "link-spent" }
  | { ok: false; reason: "weak-password"; weakness: Weakness };

/**
 * Sends a letter to an address: with a link to whoever has an account there, and to anyone else one that says that nobody
 * has. Both cost the same writes and get the same answer, so neither tells who has an account (ASVS v5.0.0-6.3.8).
 */
export async function requestPasswordReset(
  { email }: ForgotPasswordInput,
  client: ClientInfo,
): Promise<LetterOutcome> {
  const emailCanonical = canonical(email);
  const retryAfterSeconds = await takeLetter(emailCanonical, client);
  if (retryAfterSeconds !== null) {
    await record("reset-throttled", { userId: null }, client);
    return { ok: false, reason: "throttled", retryAfterSeconds };
  }
  const user = await db.user.findUnique({
    where: { emailCanonical },
    select: { id: true, email: true },
  });
  const userId = user?.id ?? null;
  await db.$transaction(async (tx) => {
    const made = await makeMailToken("reset-password", { userId, emailCanonical }, tx);
    await post(user ? resetPasswordLetter(user.email, made) : noAccountLetter(email, made.expiresAt), tx);
  });
  await record("reset-requested", { userId }, client);
  return { ok: true };
}

/**
 * Sets the password of whoever has the link; a mailed one confirms their address too. With it every session of the
 * account ends, what failed logins have shut opens, and the owner is told by letter; nobody is logged in
 * (ASVS v5.0.0-6.4.3, 7.4.3). A link that does not work costs no hash.
 */
export async function resetPassword(
  { token, password }: Pick<ResetPasswordInput, "password"> & { token: string },
  client: ClientInfo,
): Promise<ResetPasswordOutcome> {
  const owner = await findMailToken("reset-password", token);
  if (!owner) return { ok: false, reason: "link-spent" };
  const weakness = (await findWeakness(password, owner)) ?? (await findBreach(password));
  if (weakness) return { ok: false, reason: "weak-password", weakness };

  const passwordHash = await hashPassword(password); // slow on purpose, so before the transaction
  return db.$transaction(async (tx) => {
    const spent = await spendMailToken("reset-password", token, tx);
    if (!spent) return { ok: false, reason: "link-spent" };
    await tx.user.update({
      where: { id: spent.id },
      data: { passwordHash, ...(spent.isMailed && { emailVerified: new Date() }) },
      select: { id: true },
    });
    await revokeSessions(spent.id, tx);
    await endMailTokens(spent.id, ["change-email"], tx);
    await unlock(spent.emailCanonical, tx);
    await record("password-reset", { userId: spent.id }, client, tx);
    await notify(spent, passwordChangedLetter, client, tx);
    return { ok: true };
  });
}
