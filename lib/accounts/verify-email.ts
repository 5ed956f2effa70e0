import "server-only";
import { emailVerificationEmail } from "../mail/emails/email-verification";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { features } from "../platform/env";
import { record } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import {
  type LinkOwner,
  makeLinkToken,
  newCode,
  spendLinkCode,
  spendLinkToken,
} from "../security/link-tokens";
import { consumeCode, consumeEmail } from "../security/rate-limits/rate-limits";
import { canonical, type VerifyCodeInput } from "../shared/schemas";
import { type EmailRequestOutcome, type Throttled, throttled } from "./outcomes";
import type { Addressee } from "./security-alerts";

export type VerifyCodeOutcome =
  | { ok: true }
  /** It does not fit, it is too old, or it was tried too often; which of them is not told. */
  | { ok: false; reason: "wrong-code" }
  | Throttled;

/** Sends another email to confirm an address with. */
export async function requestVerification(user: Addressee, client: ClientInfo): Promise<EmailRequestOutcome> {
  const wait = await consumeEmail(user.emailCanonical, client);
  if (wait !== null) {
    await record("verification-throttled", { userId: user.id }, client);
    return throttled(wait);
  }
  await db.$transaction(async (tx) => {
    await holdAccount({ id: user.id }, tx); // one after the other, or each would leave the other's code alive
    await enqueueVerification(user, tx);
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

/** Confirms the address a link was sent to. False when the link does not work. */
export async function verifyEmail(token: string, client: ClientInfo): Promise<boolean> {
  return db.$transaction(async (tx) => confirm(await spendLinkToken("verify-email", token, tx), client, tx));
}

/** The same by the code from the email. An address without an account gets the answer of a wrong code. */
export async function verifyEmailByCode(
  { email, code }: VerifyCodeInput,
  client: ClientInfo,
): Promise<VerifyCodeOutcome> {
  const emailCanonical = canonical(email);
  const wait = await consumeCode(emailCanonical, client);
  if (wait !== null) {
    await record("verification-throttled", { userId: null }, client);
    return throttled(wait);
  }
  const isVerified = await db.$transaction(async (tx) =>
    confirm(await spendLinkCode("verify-email", emailCanonical, code, tx), client, tx),
  );
  if (isVerified) return { ok: true };
  await record("verification-failed", { userId: null }, client);
  return { ok: false, reason: "wrong-code" };
}

async function confirm(owner: LinkOwner | null, client: ClientInfo, tx: Tx): Promise<boolean> {
  if (!owner) return false;
  await tx.user.update({
    where: { id: owner.id },
    data: { emailVerified: new Date() },
    select: { id: true },
  });
  await record("email-verified", { userId: owner.id }, client, tx);
  return true;
}
