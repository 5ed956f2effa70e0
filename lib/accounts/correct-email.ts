import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import { endAllLinkTokens } from "../security/link-tokens";
import { consumeCorrection } from "../security/rate-limits/rate-limits";
import { type CorrectEmailInput, canonical } from "../shared/schemas";
import { isLocked } from "./locks";
import { isPasswordUnchanged, provePassword } from "./login/prove-password";
import { type Throttled, throttled } from "./outcomes";
import { isConfirmed } from "./security-alerts";
import { setFreeEmail, type Taken, unlessTaken } from "./set-email";
import { enqueueVerification } from "./verification-email";

export type CorrectEmailOutcome =
  | { ok: true }
  /** No account with that name or address, another password, or an address that is confirmed; which of them is not told. */
  | { ok: false; reason: "refused" }
  | { ok: false; reason: "unchanged" }
  | Taken
  | Throttled;

/**
 * Gives an account whose address was never confirmed another one, to be confirmed by an email sent there. Whoever knows the
 * password may: a person who has mistyped the address reads no email and, where a login needs a confirmed one, cannot log
 * in. What was sent to the former address ends. A taken address is named, as registration does.
 */
export async function correctEmail(
  { account, password, email }: CorrectEmailInput,
  client: ClientInfo,
): Promise<CorrectEmailOutcome> {
  const proof = await provePassword(await addressOf(account), password, client);
  if (!proof.ok) return proof;
  const owner = proof.user;
  if (await isConfirmed(owner.id, db)) return REFUSED;
  const emailCanonical = canonical(email);
  if (emailCanonical === owner.emailCanonical) return { ok: false, reason: "unchanged" };
  const wait = await consumeCorrection(owner.id, emailCanonical, client);
  if (wait !== null) {
    await record("email-correction-throttled", { userId: owner.id }, client);
    return throttled(wait);
  }
  return unlessTaken<CorrectEmailOutcome>(async (tx) => {
    if (!(await isPasswordUnchanged(owner, tx)) || (await isLocked(owner.id, tx))) return REFUSED;
    if (await isConfirmed(owner.id, tx)) return REFUSED;
    await endAllLinkTokens(owner.id, tx);
    await setFreeEmail(owner.id, email, null, tx);
    await enqueueVerification({ id: owner.id, email, emailCanonical }, tx);
    await record("email-corrected", { userId: owner.id }, client, tx);
    return { ok: true };
  });
}

const REFUSED = { ok: false, reason: "refused" } as const;

/**
 * The canonical address of an account that is named by its username or by that address. Only one never confirmed is found
 * by its username: else wrong guesses here and at the login would show which address belongs to which name. A name without
 * such an account is no address, and counts and fails like an unknown one.
 */
async function addressOf(account: string): Promise<string> {
  const name = canonical(account);
  const user = await db.user.findFirst({
    where: { usernameCanonical: name, emailVerified: null },
    select: { emailCanonical: true },
  });
  return user?.emailCanonical ?? name;
}
