import "server-only";
import { emailChangeConfirmationEmail } from "../mail/emails/email-change-confirmation";
import { emailChangeRequestedEmail } from "../mail/emails/email-change-requested";
import { emailChangedEmail } from "../mail/emails/email-changed";
import { emailRestoredEmail } from "../mail/emails/email-restored";
import { emailTakenEmail } from "../mail/emails/email-taken";
import { passwordResetEmail } from "../mail/emails/password-reset";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { logError } from "../platform/log";
import { record } from "../security/audit";
import {
  endLinkTokens,
  type FoundLink,
  type LinkOwner,
  makeLinkToken,
  spendLinkToken,
} from "../security/link-tokens";
import { consumeChangeAlert } from "../security/rate-limits/account-limits";
import type { Attempt } from "../security/rate-limits/attempt";
import { consumeEmailChange, consumeMoveEmail, countFarewell } from "../security/rate-limits/email-limits";
import { isReserved, returnsTo } from "../security/ways-back";
import { canonical } from "../shared/canonical";
import type { ChangeEmailInput } from "../shared/schemas";
import { endFactorsSince } from "./factors";
import { findLock, isLeaving, lock } from "./locks";
import {
  type Admitted,
  type Asker,
  admitHolder,
  type Holder,
  type HolderProof,
  isStillHolder,
  proveHolderOfLink,
} from "./login/prove-holder";
import { isPasswordUnchanged, provePassword } from "./login/prove-password";
import { type Throttled, throttled } from "./outcomes";
import { sendSecurityAlert } from "./security-alerts";
import { setEmail, setFreeEmail, type Taken, unlessTaken } from "./set-email";

export type EmailChangeRequestOutcome =
  | { ok: true }
  | { ok: false; reason: "unchanged" }
  /** The wrong password. */
  | { ok: false; reason: "refused" }
  | Throttled;

export type ChangeEmailOutcome =
  | (Admitted & { ok: true })
  | Exclude<MoveOutcome, { ok: true }>
  | Exclude<HolderProof, { ok: true }>;

export type MoveOutcome =
  | { ok: true }
  /** Used before, too old, replaced by a newer one, or never ours. */
  | { ok: false; reason: "link-spent" }
  | Taken;

/**
 * Asks for another address: an email with a link goes to it, a security alert to the present address, and nothing changes
 * until the link is followed. A taken address gets the same answer after the same writes; the email to it says that it is
 * taken (ASVS v5.0.0-6.3.8, 7.5.1). Where the new address has had too many emails it gets none, and a link sent before
 * works on; the answer is the same.
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
  const wait = await consumeEmailChange(user.id, emailCanonical, client);
  if (wait !== null) {
    await record("email-change-throttled", { userId: user.id }, client);
    return throttled("emails", wait);
  }
  // Outside of the transaction, which must not wait for another one of its own process.
  const [link, alert] = [await consumeMoveEmail(emailCanonical), await consumeChangeAlert(owner.id)];
  const { isValid, hasAlerted } = await db.$transaction(async (tx) => {
    if (!(await isPasswordUnchanged(owner, tx)) || (await findLock(owner.id, tx)) !== null)
      return { isValid: false, hasAlerted: false };
    if (await isLeaving(owner.id, tx)) return { isValid: false, hasAlerted: false }; // asked for at the same moment
    if (link.ok) await sendLink(owner.id, email, client, tx);
    const hasAlerted = alert.ok && (await sendSecurityAlert(owner.id, emailChangeRequestedEmail, client, tx));
    return { isValid: true, hasAlerted };
  });
  if (!isValid) await refund(link);
  if (!hasAlerted) await refund(alert);
  if (!isValid) return { ok: false, reason: "refused" };
  await record("email-change-requested", { userId: owner.id }, client); // not in the transaction, where each has a row
  return { ok: true };
}

async function refund(attempt: Attempt): Promise<void> {
  if (attempt.ok) await attempt.refund();
}

/** Writes to the new address: with a link, or that it is taken. */
async function sendLink(userId: string, email: string, client: ClientInfo, tx: Tx): Promise<void> {
  const emailCanonical = canonical(email);
  await endLinkTokens(userId, "change-email", tx); // whichever address an earlier one names
  const other = await tx.user.findUnique({
    where: { emailCanonical },
    select: { email: true, username: true },
  });
  const isTaken = other !== null || (await isReserved(emailCanonical, userId, tx));
  const made = await makeLinkToken(
    "change-email",
    { userId: isTaken ? null : userId, emailCanonical, address: email },
    tx,
  );
  await enqueueEmail(
    isTaken
      ? emailTakenEmail(
          { email: other?.email ?? email, username: other?.username ?? null },
          client,
          made.expiresAt,
        )
      : emailChangeConfirmationEmail({ email, username: null }, client, made),
    tx,
  );
}

/**
 * Gives an account the address its link was sent to, for a browser that belongs to the account: else a thief could bind
 * another's address to it, and a mistyped address would give the account to a stranger. A locked account keeps its own. A
 * typed password logs the browser in; sessions stay. Every link sent to the old address ends, and a new one goes there,
 * which takes the address back. An address never confirmed gets none: it may be mistyped and a stranger's, who would get
 * the account by it. Nor does one that the account leaves for an earlier one: it may be a thief's.
 */
export async function changeEmail(
  token: string,
  asker: Asker,
  client: ClientInfo,
): Promise<ChangeEmailOutcome> {
  // A provider vouches where an address is to be confirmed alone.
  const proof = await proveHolderOfLink("change-email", token, { ...asker, vouched: null }, client);
  if (!proof.ok) return proof;
  const { holder } = proof;
  const outcome = await move(token, holder, client);
  if (!outcome.ok) return outcome;
  const { email, former } = outcome;
  if (former.emailVerified === null) await countFarewell(former.emailCanonical).catch(logError);
  const user = holder.user && { ...holder.user, email, emailCanonical: canonical(email) };
  return { ok: true, ...(await admitHolder({ ...holder, user }, asker, client)) };
}

interface Moved {
  ok: true;
  /** The account's address now. */
  email: string;
  /** The account as it was. */
  former: LinkOwner;
}

/** No limit keeps the email from the address that the account leaves: it may be all its owner learns of a theft. */
async function move(
  token: string,
  holder: Holder,
  client: ClientInfo,
): Promise<Moved | { ok: false; reason: "refused" | "link-spent" } | Taken> {
  return unlessTaken(async (tx) => {
    if (!(await isStillHolder(holder, tx))) return { ok: false, reason: "refused" };
    // Before anything is spent, which would end the owner's link for a new password.
    if ((await findLock(holder.userId, tx)) !== null) return { ok: false, reason: "link-spent" };
    const owner = await spendLinkToken("change-email", token, tx);
    if (!owner?.address) return { ok: false, reason: "link-spent" };
    await setFreeEmail(owner.id, owner.address, new Date(), tx);
    const { id: userId, email, emailCanonical } = owner;
    const returns = await returnsTo(userId, canonical(owner.address), tx);
    const back =
      owner.emailVerified && !returns
        ? await makeLinkToken("restore-email", { userId, emailCanonical, address: email }, tx)
        : null;
    const noWayBack = owner.emailVerified ? "went-back" : "never-confirmed";
    await enqueueEmail(emailChangedEmail({ email, username: owner.username }, client, back ?? noWayBack), tx);
    await record("email-changed", { userId }, client, tx);
    return { ok: true, email: owner.address, former: owner };
  });
}

/**
 * Takes an old address back, however often it was changed since, and locks the account as `lockAccount` does: its owner
 * had no part in the change, so somebody else knows the password.
 */
export async function restoreEmail(token: string, client: ClientInfo): Promise<MoveOutcome> {
  return unlessTaken(async (tx) => {
    const owner = await spendLinkToken("restore-email", token, tx);
    if (!owner?.address) return { ok: false, reason: "link-spent" };
    await takeAddressBack(owner, owner.address, client, tx);
    return { ok: true };
  });
}

/**
 * What a way back does, once its link is spent. Second factors and connections that were added since it was made end.
 * @param by how it was asked for: by an emailed link, or by a lock from inside
 */
export async function takeAddressBack(
  { id: userId, username, email: left, madeAt }: Pick<FoundLink, "id" | "username" | "email" | "madeAt">,
  email: string,
  client: ClientInfo,
  tx: Tx,
  by: "link" | "lock" = "link",
): Promise<void> {
  await setEmail(userId, email, new Date(), tx);
  await endFactorsSince({ id: userId, username, email }, madeAt, client, tx);
  await lock(userId, "owner", tx);
  await record("email-restored", { userId }, client, tx);
  await enqueueEmail(emailRestoredEmail({ email: left, username: null }, by), tx);
  const made = await makeLinkToken("reset-password", { userId, emailCanonical: canonical(email) }, tx);
  await enqueueEmail(passwordResetEmail({ email, username }, client, made), tx);
}
