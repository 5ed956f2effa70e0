import "server-only";
import { noAccountEmail } from "../mail/emails/no-account";
import { passwordChangedEmail } from "../mail/emails/password-changed";
import { passwordResetEmail } from "../mail/emails/password-reset";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { findLinkToken, makeLinkToken, spendLinkToken } from "../security/link-tokens";
import { hashPassword, requesterOf, reserveHashSlot } from "../security/passwords/password";
import { findBreach, findWeakness, type Weakness } from "../security/passwords/password-policy";
import { consumeEmail } from "../security/rate-limits/email-limits";
import { canonical } from "../shared/canonical";
import type { ForgotPasswordInput, ResetPasswordInput } from "../shared/schemas";
import { beginAnew } from "./begin-anew";
import { type EmailRequestOutcome, throttled } from "./outcomes";
import { sendSecurityAlert } from "./security-alerts";
import { findWaysLeft, type WaysLeft } from "./ways-left";

export type ResetPasswordOutcome =
  /** `isKept`: the account was to be deleted, and stays. `wasConfirmed`: somebody had shown that it was theirs. */
  | ({ ok: true; isKept: boolean; wasConfirmed: boolean } & WaysLeft)
  /** Used before, too old, or never ours. */
  | { ok: false; reason: "link-spent" }
  | { ok: false; reason: "weak-password"; weakness: Weakness };

/**
 * Sends an email to an address: with a link when an account has it, otherwise one that says that no account has it. Both
 * cost the same writes and get the same answer, so neither tells who has an account (ASVS v5.0.0-6.3.8).
 */
export async function requestPasswordReset(
  { email }: ForgotPasswordInput,
  client: ClientInfo,
): Promise<EmailRequestOutcome> {
  const emailCanonical = canonical(email);
  const wait = await consumeEmail(emailCanonical, client);
  if (wait !== null) {
    await record("reset-throttled", { userId: null }, client);
    return throttled("emails", wait);
  }
  const userId = await db.$transaction(async (tx) => {
    await holdAccount({ emailCanonical }, tx); // it must not lapse under the link
    const user = await tx.user.findUnique({
      where: { emailCanonical },
      select: { id: true, username: true, email: true },
    });
    const userId = user?.id ?? null;
    const made = await makeLinkToken("reset-password", { userId, emailCanonical }, tx);
    await enqueueEmail(
      user
        ? passwordResetEmail(user, client, made)
        : noAccountEmail({ email, username: null }, client, made.expiresAt),
      tx,
    );
    return userId;
  });
  await record("reset-requested", { userId }, client);
  return { ok: true };
}

interface NewPassword extends Pick<ResetPasswordInput, "password"> {
  token: string;
  /** What the link was sent for. One that confirms an address does the same, as long as the address is not confirmed. */
  purpose?: "reset-password" | "verify-email";
}

/**
 * Sets a new password by a link; an emailed link confirms the address too. Every session of the account ends, every known
 * browser is forgotten, failed logins are forgotten, the owner's lock ends, and a security alert goes out; nobody is
 * logged in (ASVS v5.0.0-6.4.3, 7.4.3). A deletion ends: who wants a new password wants the account, and whoever asked for that
 * may have been a thief. An operator's lock stays, and so do second factors and connections: reading the mailbox is no second factor
 * (ASVS v5.0.0-6.4.3). Where the address was never confirmed, a stranger may have registered with it, and nothing they set
 * stays but the username. A link that does not work costs no hash.
 */
export async function resetPassword(
  { token, password, purpose = "reset-password" }: NewPassword,
  client: ClientInfo,
): Promise<ResetPasswordOutcome> {
  const owner = await findLinkToken(purpose, token);
  if (!owner) return { ok: false, reason: "link-spent" };
  const weakness = (await findWeakness(password, owner)) ?? (await findBreach(password));
  if (weakness) return { ok: false, reason: "weak-password", weakness };

  const slot = await reserveHashSlot(requesterOf(client, owner.emailCanonical, true)); // as the holder of a working link
  const passwordHash = await hashPassword(password, slot); // slow, so before the transaction
  return db.$transaction(async (tx) => {
    const spent = await spendLinkToken(purpose, token, tx);
    if (!spent) return { ok: false, reason: "link-spent" };
    const isNeverConfirmed = spent.emailVerified === null;
    await tx.user.update({
      where: { id: spent.id },
      data: { passwordHash, ...(spent.isMailed && { emailVerified: new Date() }) },
      select: { id: true },
    });
    const deleteAt = await beginAnew(spent, isNeverConfirmed, tx);
    if (purpose === "verify-email") await record("email-verified", { userId: spent.id }, client, tx);
    await record("password-reset", { userId: spent.id }, client, tx);
    if (deleteAt) await record("deletion-cancelled", { userId: spent.id }, client, tx);
    const left = await findWaysLeft(spent.id, tx);
    await sendSecurityAlert(spent.id, passwordChangedEmail("reset", left, deleteAt), client, tx);
    return { ok: true, isKept: deleteAt !== null, wasConfirmed: !isNeverConfirmed, ...left };
  });
}
