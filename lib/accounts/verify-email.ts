import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { record } from "../security/audit";
import { findLinkToken, type LinkOwner, spendLinkCode, spendLinkToken } from "../security/link-tokens";
import { consumeCode } from "../security/rate-limits/rate-limits";
import { canonical } from "../shared/schemas";
import type { AdmitOutcome } from "./login/admit";
import { type Asker, admitProven, type HolderProof, proveHolder } from "./login/prove-holder";
import { isPasswordUnchanged, type ProvenUser } from "./login/prove-password";
import { throttled } from "./outcomes";

/** The address is confirmed. */
export interface Confirmed {
  ok: true;
  /** How the browser has shown that the account is its own. */
  by: "session" | "password";
  /** What came of the login that followed; null: none did, because somebody is logged in there already. */
  login: AdmitOutcome | null;
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
  const owner = await findLinkToken("verify-email", token);
  if (!owner) return { ok: false, reason: "link-spent" };
  const proof = await proveHolder(owner.emailCanonical, asker, client);
  if (!proof.ok) return proof;
  const isConfirmed = await confirm(proof.user, client, (tx) => spendLinkToken("verify-email", token, tx));
  return isConfirmed ? goOn(proof.user, asker, client) : { ok: false, reason: "link-spent" };
}

/** The same by the code from the email. An address without an account gets the answer of a wrong password. */
export async function verifyEmailByCode(
  { email, code }: { email: string; code: string },
  asker: Asker,
  client: ClientInfo,
): Promise<VerifyCodeOutcome> {
  const emailCanonical = canonical(email);
  const proof = await proveHolder(emailCanonical, asker, client);
  if (!proof.ok) return proof;
  const wait = await consumeCode(emailCanonical, client);
  if (wait !== null) {
    await record("verification-throttled", { userId: null }, client);
    return throttled(wait);
  }
  const isConfirmed = await confirm(proof.user, client, (tx) =>
    spendLinkCode("verify-email", emailCanonical, code, tx),
  );
  if (isConfirmed) return goOn(proof.user, asker, client);
  await record("verification-failed", { userId: null }, client);
  return { ok: false, reason: "wrong-code" };
}

async function goOn(user: ProvenUser | null, asker: Asker, client: ClientInfo): Promise<Confirmed> {
  const login = user && (await admitProven(user, asker, client));
  return { ok: true, by: user ? "password" : "session", login };
}

/** False when there was nothing to spend, or the password proven is no longer the account's. */
async function confirm(
  proven: ProvenUser | null,
  client: ClientInfo,
  spend: (tx: Tx) => Promise<LinkOwner | null>,
): Promise<boolean> {
  return db.$transaction(async (tx) => {
    if (proven && !(await isPasswordUnchanged(proven, tx))) return false;
    const owner = await spend(tx);
    if (!owner) return false;
    await tx.user.update({
      where: { id: owner.id },
      data: { emailVerified: new Date() },
      select: { id: true },
    });
    await record("email-verified", { userId: owner.id }, client, tx);
    return true;
  });
}
