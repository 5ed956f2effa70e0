import "server-only";
import { verifyEmailLetter } from "../mail/emails/email-verification";
import { canSendMail, post } from "../mail/outbox";
import type { Caller } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { record } from "../security/audit";
import {
  makeMailToken,
  newCode,
  spendMailCode,
  spendMailToken,
  type TokenOwner,
} from "../security/link-tokens";
import { takeLetter } from "../security/rate-limits/rate-limits";
import { canonical, type VerifyCodeInput } from "../shared/schemas";
import type { Addressee, LetterOutcome } from "./security-alerts";

/** Sends someone another letter to confirm their address with. */
export async function requestVerification(user: Addressee, caller: Caller): Promise<LetterOutcome> {
  const retryAfterSeconds = await takeLetter(user.emailCanonical, caller);
  if (retryAfterSeconds !== null) {
    await record("verification-throttled", { userId: user.id }, caller);
    return { ok: false, reason: "throttled", retryAfterSeconds };
  }
  await db.$transaction((tx) => postVerification(user, tx));
  await record("verification-requested", { userId: user.id }, caller);
  return { ok: true };
}

export async function postVerification({ id, email, emailCanonical }: Addressee, tx: Tx): Promise<void> {
  if (!canSendMail()) return;
  const code = newCode();
  const made = await makeMailToken("verify-email", { userId: id, emailCanonical }, tx, code);
  await post(verifyEmailLetter(email, { ...made, code }), tx);
}

/** Confirms the address a link was sent to. False when the link does not work, any more or at all. */
export async function verifyEmail(token: string, caller: Caller): Promise<boolean> {
  return db.$transaction(async (tx) => confirm(await spendMailToken("verify-email", token, tx), caller, tx));
}

/** The same by the code from the letter. False as well for an address without an account. */
export async function verifyEmailByCode({ email, code }: VerifyCodeInput, caller: Caller): Promise<boolean> {
  const isVerified = await db.$transaction(async (tx) =>
    confirm(await spendMailCode("verify-email", canonical(email), code, tx), caller, tx),
  );
  if (!isVerified) await record("verification-failed", { userId: null }, caller);
  return isVerified;
}

async function confirm(owner: TokenOwner | null, caller: Caller, tx: Tx): Promise<boolean> {
  if (!owner) return false;
  await tx.user.update({
    where: { id: owner.id },
    data: { emailVerified: new Date() },
    select: { id: true },
  });
  await record("email-verified", { userId: owner.id }, caller, tx);
  return true;
}
