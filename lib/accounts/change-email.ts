import "server-only";
import { changeEmailLetter } from "../mail/emails/email-change-confirmation";
import { emailChangeRequestedLetter } from "../mail/emails/email-change-requested";
import { emailChangedLetter } from "../mail/emails/email-changed";
import { emailRestoredLetter } from "../mail/emails/email-restored";
import { emailTakenLetter } from "../mail/emails/email-taken";
import { resetPasswordLetter } from "../mail/emails/password-reset";
import { post } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";
import { record } from "../security/audit";
import { endMailTokens, isHeld, makeMailToken, spendMailToken } from "../security/link-tokens";
import { takeLetter } from "../security/rate-limits/rate-limits";
import { revokeSessions } from "../security/sessions";
import { type ChangeEmailInput, canonical } from "../shared/schemas";
import { keepsPassword, provePassword } from "./login/prove-password";
import { notify } from "./security-alerts";

export type EmailChangeRequestOutcome =
  | { ok: true }
  | { ok: false; reason: "unchanged" }
  /** The wrong password. */
  | { ok: false; reason: "refused" }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

export type MoveOutcome =
  | { ok: true }
  /** Used before, too old, replaced by a newer one, or never ours. */
  | { ok: false; reason: "link-spent" }
  /** Somebody else has got the address meanwhile. */
  | { ok: false; reason: "taken" };

/**
 * Asks for another address: a letter goes to it with a link, another to the address of now, and nothing changes until the
 * link is followed. A taken address gets the same answer after the same writes; there the letter says that it is taken
 * (ASVS v5.0.0-6.3.8, 7.5.1).
 */
export async function requestEmailChange(
  user: { id: string; email: string },
  { email, password }: ChangeEmailInput,
  client: ClientInfo,
): Promise<EmailChangeRequestOutcome> {
  const emailCanonical = canonical(email);
  if (emailCanonical === canonical(user.email)) return { ok: false, reason: "unchanged" };
  const proof = await provePassword(canonical(user.email), password, client);
  if (!proof.ok) return proof;
  const owner = proof.user;
  if (owner.id !== user.id) return { ok: false, reason: "refused" };
  const retryAfterSeconds = await takeLetter(emailCanonical, client);
  if (retryAfterSeconds !== null) {
    await record("email-change-throttled", { userId: user.id }, client);
    return { ok: false, reason: "throttled", retryAfterSeconds };
  }
  return db.$transaction(async (tx) => {
    if (!(await keepsPassword(owner, tx))) return { ok: false, reason: "refused" };
    await endMailTokens(owner.id, ["change-email"], tx);
    const other = await tx.user.findUnique({ where: { emailCanonical }, select: { email: true } });
    const isTaken = other !== null || (await isHeld(emailCanonical, owner.id, tx));
    const made = await makeMailToken(
      "change-email",
      { userId: isTaken ? null : owner.id, emailCanonical, address: email },
      tx,
    );
    await post(
      isTaken ? emailTakenLetter(other?.email ?? email, made.expiresAt) : changeEmailLetter(email, made),
      tx,
    );
    await notify(owner, emailChangeRequestedLetter, client, tx);
    await record("email-change-requested", { userId: owner.id }, client, tx);
    return { ok: true };
  });
}

/**
 * Gives an account the address its link was sent to. Sessions stay; every link sent to the old address is over but one,
 * which goes there now and takes the address back. An address never confirmed gets none: it may be mistyped and a
 * stranger's, who would take the account.
 */
export async function changeEmail(token: string, client: ClientInfo): Promise<MoveOutcome> {
  return move(async (tx) => {
    const owner = await spendMailToken("change-email", token, tx);
    if (!owner?.address) return { ok: false, reason: "link-spent" };
    await setEmail(owner.id, { email: owner.address }, tx);
    if (await isHeld(canonical(owner.address), owner.id, tx)) throw new AddressHeldError();
    const { id: userId, email, emailCanonical } = owner;
    const back = owner.emailVerified
      ? await makeMailToken("restore-email", { userId, emailCanonical, address: email }, tx)
      : null;
    await post(emailChangedLetter(email, client, back), tx);
    await record("email-changed", { userId }, client, tx);
    return { ok: true };
  });
}

/**
 * Takes an old address back, however often it was changed since, and locks the account as {@link lockAccount} does: its
 * owner had no part in the change, so somebody else knows the password.
 */
export async function restoreEmail(token: string, client: ClientInfo): Promise<MoveOutcome> {
  return move(async (tx) => {
    const owner = await spendMailToken("restore-email", token, tx);
    if (!owner?.address) return { ok: false, reason: "link-spent" };
    const { id: userId, address: email } = owner;
    await setEmail(userId, { email, passwordHash: null }, tx);
    await revokeSessions(userId, tx);
    await record("email-restored", { userId }, client, tx);
    await post(emailRestoredLetter(owner.email), tx);
    const made = await makeMailToken("reset-password", { userId, emailCanonical: canonical(email) }, tx);
    await post(resetPasswordLetter(email, made), tx);
    return { ok: true };
  });
}

/** Somebody else can still take the address back. */
class AddressHeldError extends Error {
  override readonly name = "AddressHeldError";
}

/** Where somebody else has got the address meanwhile all is undone, the spending of the link too. */
async function move(work: (tx: Tx) => Promise<MoveOutcome>): Promise<MoveOutcome> {
  try {
    return await db.$transaction(work);
  } catch (error) {
    if (!isUniqueViolation(error) && !(error instanceof AddressHeldError)) throw error;
    return { ok: false, reason: "taken" };
  }
}

/** Writes an address whose mailbox a link was just read in. No other link may give or open what the account now is. */
async function setEmail(
  id: string,
  { email, ...others }: { email: string; passwordHash?: null },
  tx: Tx,
): Promise<void> {
  await tx.user.update({
    where: { id },
    data: { email, emailCanonical: canonical(email), emailVerified: new Date(), ...others },
    select: { id: true },
  });
  await endMailTokens(id, ["reset-password", "verify-email", "lock-account", "change-email"], tx);
}
