import "server-only";
import { verifyEmailLetter } from "../mail/emails/email-verification";
import { post } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { features } from "../platform/env";
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
export async function requestVerification(user: Addressee, client: ClientInfo): Promise<LetterOutcome> {
  const retryAfterSeconds = await takeLetter(user.emailCanonical, client);
  if (retryAfterSeconds !== null) {
    await record("verification-throttled", { userId: user.id }, client);
    return { ok: false, reason: "throttled", retryAfterSeconds };
  }
  await db.$transaction((tx) => postVerification(user, tx));
  await record("verification-requested", { userId: user.id }, client);
  return { ok: true };
}

export async function postVerification({ id, email, emailCanonical }: Addressee, tx: Tx): Promise<void> {
  if (!features().mail) return;
  const code = newCode();
  const made = await makeMailToken("verify-email", { userId: id, emailCanonical }, tx, code);
  await post(verifyEmailLetter(email, { ...made, code }), tx);
}

/** Confirms the address a link was sent to. False when the link does not work, any more or at all. */
export async function verifyEmail(token: string, client: ClientInfo): Promise<boolean> {
  return db.$transaction(async (tx) => confirm(await spendMailToken("verify-email", token, tx), client, tx));
}

/** The same by the code from the letter. False as well for an address without an account. */
export async function verifyEmailByCode(
  { email, code }: VerifyCodeInput,
  client: ClientInfo,
): Promise<boolean> {
  const isVerified = await db.$transaction(async (tx) =>
    confirm(await spendMailCode("verify-email", canonical(email), code, tx), client, tx),
  );
  if (!isVerified) await record("verification-failed", { userId: null }, client);
  return isVerified;
}

async function confirm(owner: TokenOwner | null, client: ClientInfo, tx: Tx): Promise<boolean> {
  if (!owner) return false;
  await tx.user.update({
    where: { id: owner.id },
    data: { emailVerified: new Date() },
    select: { id: true },
  });
  await record("email-verified", { userId: owner.id }, client, tx);
  return true;
}
