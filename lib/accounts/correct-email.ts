import "server-only";
import { emailChangedEmail } from "../mail/emails/email-changed";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import { endAllLinkTokens } from "../security/link-tokens";
import { consumeCorrection, consumeFarewell } from "../security/rate-limits/rate-limits";
import { type CorrectEmailInput, canonical } from "../shared/schemas";
import { findLock, type LockedBy } from "./locks";
import { isPasswordUnchanged, PROVEN_COLUMNS, provePassword } from "./login/prove-password";
import { type Throttled, throttled } from "./outcomes";
import type { Addressee } from "./security-alerts";
import { setFreeEmail, type Taken, unlessTaken } from "./set-email";
import { enqueueVerification } from "./verification-email";

export type CorrectEmailOutcome =
  | { ok: true }
  /** No account with that name or address, another password, or an address that is confirmed; which of them is not told. */
  | { ok: false; reason: "refused" }
  /** Told only to a person who knew the password. */
  | { ok: false; reason: "locked"; by: LockedBy }
  | { ok: false; reason: "unchanged" }
  | Taken
  | Throttled;

/**
 * Gives an account whose address was never confirmed another one, to be confirmed by an email sent there. It takes the
 * password alone: a person who has mistyped the address reads no email and, where a login needs a confirmed one, cannot log
 * in. What was sent to the former address ends; that address is told when the account has been used. A taken address is
 * named, as registration does.
 */
export async function correctEmail(
  { account, password, email }: CorrectEmailInput,
  client: ClientInfo,
): Promise<CorrectEmailOutcome> {
  const proof = await provePassword(canonical(account), password, client, { find: findNeverConfirmed });
  if (!proof.ok) return proof;
  const owner = proof.user;
  const emailCanonical = canonical(email);
  if (emailCanonical === owner.emailCanonical) return { ok: false, reason: "unchanged" };
  const wait = await consumeCorrection(owner.id, emailCanonical, client);
  if (wait !== null) {
    await record("email-correction-throttled", { userId: owner.id }, client);
    return throttled("emails", wait);
  }
  // Outside of the transaction, which must not wait for another one of its own process.
  const tellsFormer = await mayTellFormer(owner);
  return unlessTaken<CorrectEmailOutcome>(async (tx) => {
    if (!(await isPasswordUnchanged(owner, tx))) return REFUSED;
    const { email: former, emailVerified } = await tx.user.findUniqueOrThrow({
      where: { id: owner.id },
      select: { email: true, emailVerified: true },
    });
    const by = await findLock(owner.id, tx);
    if (by !== null) {
      await record("login-locked", { userId: owner.id }, client, tx);
      return { ok: false, reason: "locked", by };
    }
    if (emailVerified !== null) return REFUSED;
    await endAllLinkTokens(owner.id, tx);
    await setFreeEmail(owner.id, email, null, tx);
    await enqueueVerification(owner.id, client, tx);
    if (tellsFormer)
      await enqueueEmail(emailChangedEmail({ email: former, username: null }, client, "never-confirmed"), tx);
    await record("email-corrected", { userId: owner.id }, client, tx);
    return { ok: true };
  });
}

/** True where the account has been used with the address it leaves, and that has not had its emails yet. */
async function mayTellFormer({ id, emailCanonical }: Addressee): Promise<boolean> {
  const user = await db.user.findUnique({ where: { id }, select: { firstLoginAt: true } });
  return user !== null && user.firstLoginAt !== null && consumeFarewell(emailCanonical);
}

const REFUSED = { ok: false, reason: "refused" } as const;

/**
 * An account by its username or address, never a confirmed one: the password of that is not compared here, where its owner
 * is not told of a right one. Attempts count under the name as typed: counted at the address, wrong guesses would show which
 * address belongs to a name, and shut the login of that address.
 */
function findNeverConfirmed(name: string) {
  return db.user.findFirst({
    where: { emailVerified: null, OR: [{ usernameCanonical: name }, { emailCanonical: name }] },
    select: PROVEN_COLUMNS,
  });
}
