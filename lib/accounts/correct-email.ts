import "server-only";
import { emailChangedEmail } from "../mail/emails/email-changed";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { logError } from "../platform/log";
import type { Addressee } from "../security/addressee";
import { record } from "../security/audit";
import { endAllLinkTokens } from "../security/link-tokens";
import { consumeCorrection, countFarewell } from "../security/rate-limits/email-limits";
import { canonical } from "../shared/canonical";
import type { CorrectEmailInput } from "../shared/schemas";
import { hasSecondFactor } from "./factors";
import { findLock, type LockedBy } from "./locks";
import { isPasswordUnchanged, PROVEN_COLUMNS, provePassword } from "./login/prove-password";
import { isConnectionUsable, type ProvenByProvider } from "./login/prove-provider";
import { type Throttled, throttled } from "./outcomes";
import { setFreeEmail, type Taken, unlessTaken } from "./set-email";
import { enqueueVerification } from "./verification-email";

export type CorrectEmailOutcome =
  | { ok: true }
  /**
   * No account with that name or address, another password, an address that is confirmed, or a
   * second factor; which of them is not told.
   */
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
  const { user } = proof;
  return correctFor(user, email, client, (tx) => isPasswordUnchanged(user, tx));
}

/**
 * The same for an account for whose person a provider vouches, as long as nobody has ever been in it: a browser that is still
 * logged in at the provider must not move the address of an account in use to a mailbox of its own.
 */
export async function correctEmailOfVouched(
  user: ProvenByProvider,
  { email }: Pick<CorrectEmailInput, "email">,
  client: ClientInfo,
): Promise<CorrectEmailOutcome> {
  if (!(await isUntouched(user.id))) return REFUSED; // nothing is counted for it
  return correctFor(
    user,
    email,
    client,
    async (tx) => (await isConnectionUsable(user, tx)) && (await isUntouched(user.id, tx)),
  );
}

/** True for an account that nobody has logged in to: a provider's voucher is enough to correct its address. */
export async function isUntouched(id: string, tx: Tx = db): Promise<boolean> {
  return (await tx.user.count({ where: { id, firstLoginAt: null } })) === 1;
}

/** @param isStillProven holds the account while it is true */
async function correctFor(
  owner: Addressee,
  email: string,
  client: ClientInfo,
  isStillProven: (tx: Tx) => Promise<boolean>,
): Promise<CorrectEmailOutcome> {
  const emailCanonical = canonical(email);
  if (emailCanonical === owner.emailCanonical) return { ok: false, reason: "unchanged" };
  // Asked again below: nothing is counted for who has the password alone, and so can move nothing.
  if (await hasSecondFactor(owner.id)) return REFUSED;
  const wait = await consumeCorrection(owner.id, emailCanonical, client);
  if (wait !== null) {
    await record("email-correction-throttled", { userId: owner.id }, client);
    return throttled("emails", wait);
  }
  const outcome = await move(owner, email, client, isStillProven);
  if (!outcome.ok) return outcome;
  if (outcome.told !== null) await countFarewell(canonical(outcome.told)).catch(logError);
  return { ok: true };
}

/** @returns as `told` the former address, where an email goes to it; no limit keeps that from an owner */
function move(
  owner: Addressee,
  email: string,
  client: ClientInfo,
  isStillProven: (tx: Tx) => Promise<boolean>,
): Promise<{ ok: true; told: string | null } | Exclude<CorrectEmailOutcome, { ok: true }>> {
  return unlessTaken(async (tx) => {
    if (!(await isStillProven(tx))) return REFUSED;
    const {
      email: former,
      emailVerified,
      firstLoginAt,
    } = await tx.user.findUniqueOrThrow({
      where: { id: owner.id },
      select: { email: true, emailVerified: true, firstLoginAt: true },
    });
    const by = await findLock(owner.id, tx);
    if (by !== null) {
      await record("login-locked", { userId: owner.id }, client, tx);
      return { ok: false, reason: "locked", by };
    }
    if (emailVerified !== null) return REFUSED;
    // The password alone must not move it to a mailbox that could then end the second factor.
    if (await hasSecondFactor(owner.id, tx)) return REFUSED;
    await endAllLinkTokens(owner.id, tx);
    await setFreeEmail(owner.id, email, null, tx);
    await enqueueVerification(owner.id, client, tx);
    const hasBeenUsed = firstLoginAt !== null;
    if (hasBeenUsed)
      await enqueueEmail(emailChangedEmail({ email: former, username: null }, client, "never-confirmed"), tx);
    await record("email-corrected", { userId: owner.id }, client, tx);
    return { ok: true, told: hasBeenUsed ? former : null };
  });
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
