import "server-only";
import { emailVerificationEmail } from "../mail/emails/email-verification";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { features } from "../platform/env";
import { record } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { makeLinkToken, newCode } from "../security/link-tokens";
import { consumeEmail } from "../security/rate-limits/rate-limits";
import { type EmailRequestOutcome, throttled } from "./outcomes";
import { type Addressee, isConfirmed } from "./security-alerts";

/** Sends another email to confirm an address with. None when the address has just been confirmed. */
export async function requestVerification(user: Addressee, client: ClientInfo): Promise<EmailRequestOutcome> {
  const wait = await consumeEmail(user.emailCanonical, client);
  if (wait !== null) {
    await record("verification-throttled", { userId: user.id }, client);
    return throttled(wait);
  }
  await db.$transaction(async (tx) => {
    // One after the other, or each would leave the other's code alive.
    const isThere = await holdAccount({ id: user.id }, tx);
    if (isThere && !(await isConfirmed(user.id, tx))) await enqueueVerification(user, tx);
  });
  await record("verification-requested", { userId: user.id }, client);
  return { ok: true };
}

/** Sends the email to confirm an address with, in the transaction of what makes it necessary. */
export async function enqueueVerification({ id, email, emailCanonical }: Addressee, tx: Tx): Promise<void> {
  if (!features().mail) return;
  const code = newCode();
  const made = await makeLinkToken("verify-email", { userId: id, emailCanonical }, tx, code);
  await enqueueEmail(emailVerificationEmail(email, { ...made, code }), tx);
}
