import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { record } from "../security/audit";
import { type LinkOwner, spendLinkCode, spendLinkToken } from "../security/link-tokens";
import { consumeCode } from "../security/rate-limits/email-limits";
import { canonical } from "../shared/canonical";
import {
  type Admitted,
  type Asker,
  admitHolder,
  type Holder,
  type HolderProof,
  isStillHolder,
  proveHolder,
  proveHolderOfLink,
} from "./login/prove-holder";
import { throttled } from "./outcomes";
import { isConfirmed } from "./security-alerts";

/** The address is confirmed, now or before. */
export interface Confirmed extends Admitted {
  ok: true;
}

export type VerifyEmailOutcome =
  | Confirmed
  /** Used before, too old, replaced by a newer one, or never ours. */
  | { ok: false; reason: "link-spent" }
  | Exclude<HolderProof, { ok: true }>;

export type VerifyCodeOutcome =
  | Confirmed
  /** It does not fit, it is too old, or it was tried too often; which of them is not told. */
  | { ok: false; reason: "wrong-code" }
  | Exclude<HolderProof, { ok: true }>;

/**
 * Confirms the address a link was sent to, for a browser that belongs to the account: else the owner of the address would
 * confirm an account that a stranger has registered with it, and has the password of. For that owner there is
 * `resetPassword`. A typed password logs the browser in.
 */
export async function verifyEmail(
  token: string,
  asker: Asker,
  client: ClientInfo,
): Promise<VerifyEmailOutcome> {
  const proof = await proveHolderOfLink("verify-email", token, asker, client);
  if (!proof.ok) return proof;
  const { holder } = proof;
  const outcome = await confirm(holder, client, (tx) => spendLinkToken("verify-email", token, tx));
  if (outcome === "nothing-spent") return { ok: false, reason: "link-spent" };
  if (outcome === "refused") return { ok: false, reason: "refused" };
  return { ok: true, ...(await admitHolder(holder, asker, client, true)) };
}

/**
 * The same by the code from the email. An address without an account gets the answer of a wrong password. Where the address
 * is confirmed already, a typed password logs in without a code, also in a browser that is logged in to another account: else
 * passwords could be tried here past the gate, and the owner would not be told of the right one.
 */
export async function verifyEmailByCode(
  { email, code }: { email: string; code: string },
  asker: Asker,
  client: ClientInfo,
): Promise<VerifyCodeOutcome> {
  const emailCanonical = canonical(email);
  const proof = await proveHolder(emailCanonical, asker, client);
  if (!proof.ok) return proof;
  const { holder } = proof;
  const { userId } = holder;
  if (holder.user && (await isConfirmed(userId, db)))
    return { ok: true, ...(await admitHolder(holder, { ...asker, userId: null }, client)) };
  const wait = await consumeCode(emailCanonical, client);
  if (wait !== null) {
    await record("verification-throttled", { userId }, client);
    return throttled("attempts", wait);
  }
  const outcome = await confirm(holder, client, (tx) =>
    spendLinkCode("verify-email", { userId, emailCanonical }, code, tx),
  );
  if (outcome === "confirmed") return { ok: true, ...(await admitHolder(holder, asker, client, true)) };
  if (outcome === "refused") return { ok: false, reason: "refused" };
  await record("verification-failed", { userId }, client);
  return { ok: false, reason: "wrong-code" };
}

/** `refused`: the account is no longer the one proven. */
async function confirm(
  holder: Holder,
  client: ClientInfo,
  spend: (tx: Tx) => Promise<LinkOwner | null>,
): Promise<"confirmed" | "refused" | "nothing-spent"> {
  return db.$transaction(async (tx) => {
    if (!(await isStillHolder(holder, tx))) return "refused";
    const owner = await spend(tx);
    if (!owner) return "nothing-spent";
    await tx.user.update({
      where: { id: owner.id },
      data: { emailVerified: new Date() },
      select: { id: true },
    });
    await record("email-verified", { userId: owner.id }, client, tx);
    return "confirmed";
  });
}
