import "server-only";
import { emailVerificationEmail } from "../mail/emails/email-verification";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { features } from "../platform/env";
import type { Addressee } from "../security/addressee";
import { record } from "../security/audit";
import { newCode } from "../security/codes";
import { holdAccount } from "../security/hold-account";
import { makeLinkToken } from "../security/link-tokens";
import { consumeEmail } from "../security/rate-limits/email-limits";
import { lapseOf } from "./lapse";
import { type EmailRequestOutcome, throttled } from "./outcomes";

/** Sends another email to confirm an address with. None when the address has just been confirmed. */
export async function requestVerification(
  { id, emailCanonical }: Pick<Addressee, "id" | "emailCanonical">,
  client: ClientInfo,
): Promise<EmailRequestOutcome> {
  const wait = await consumeEmail(emailCanonical, client);
  if (wait !== null) {
    await record("verification-throttled", { userId: id }, client);
    return throttled("emails", wait);
  }
  await db.$transaction(async (tx) => {
    // One after the other, or each would leave the other's code alive.
    if (await holdAccount({ id }, tx)) await enqueueVerification(id, client, tx);
  });
  await record("verification-requested", { userId: id }, client);
  return { ok: true };
}

/**
 * Sends the email to confirm an account's address with, in the transaction of what makes it necessary, which holds the
 * account. None when the address is confirmed.
 */
export async function enqueueVerification(id: string, client: ClientInfo, tx: Tx): Promise<void> {
  if (!features().mail) return;
  const { username, email, emailCanonical, emailVerified, ...since } = await tx.user.findUniqueOrThrow({
    where: { id },
    select: {
      username: true,
      email: true,
      emailCanonical: true,
      emailVerified: true,
      createdAt: true,
      wasConfirmationRequired: true,
      firstLoginAt: true,
    },
  });
  if (emailVerified !== null) return;
  const code = newCode();
  const made = await makeLinkToken("verify-email", { userId: id, emailCanonical }, tx, code);
  const lapsesAt = lapseOf(since, made.expiresAt);
  await enqueueEmail(emailVerificationEmail({ email, username }, client, { ...made, code }, lapsesAt), tx);
}
