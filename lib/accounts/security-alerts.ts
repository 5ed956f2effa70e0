import "server-only";
import type { Recipient } from "../mail/email";
import { LOGINS_TOLD, laterLoginsEmail, newLoginEmail } from "../mail/emails/new-login";
import { type AlertLink, type WriteAlert, whenAndWhere } from "../mail/emails/security-alert";
import { halfDoneLoginEmail } from "../mail/emails/two-factor";
import { enqueueEmail, findWaitingEmail, rewriteEmail, withdrawEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import type { Tx } from "../platform/db";
import { features } from "../platform/env";
import { providerOf } from "../platform/providers/configured-providers";
import { ADDRESSEE_COLUMNS, type Addressee } from "../security/addressee";
import { makeLinkToken } from "../security/link-tokens";
import { forgetHalfDoneAlert } from "../security/rate-limits/second-factor-limits";
import { findTold, forgetTold } from "../security/two-factor/pending-logins";
import { LOGIN_ALERT_LIMITS } from "../shared/limits";
import { SECOND_MS } from "../shared/units";

/** How long after an email about a login the next one leaves, in milliseconds. */
const LOGIN_ALERT_EVERY_MS = LOGIN_ALERT_LIMITS.windowSeconds * SECOND_MS;

/**
 * Tells an owner what was done with their account, with a link to lock it in case somebody else did it. An address never
 * confirmed may be a stranger's and gets nothing.
 * @param expiresAt until when its link works, where that is longer than others do
 * @returns false when nothing is sent
 */
export async function sendSecurityAlert(
  { id, username, email, emailCanonical }: Addressee,
  write: WriteAlert,
  client: ClientInfo,
  tx: Tx,
  expiresAt?: Date,
): Promise<boolean> {
  if (!features().mail || !(await isConfirmed(id, tx))) return false;
  const link = await makeLinkToken("lock-account", { userId: id, emailCanonical, expiresAt }, tx);
  await enqueueEmail(write({ email, username }, client, link), tx);
  return true;
}

/** The same for an account by its id. */
export async function alertOwner(
  id: string,
  write: WriteAlert,
  client: ClientInfo,
  tx: Tx,
): Promise<boolean> {
  const owner = await tx.user.findUniqueOrThrow({
    where: { id },
    select: ADDRESSEE_COLUMNS,
  });
  return sendSecurityAlert(owner, write, client, tx);
}

/**
 * Tells an owner of a login that waits for its second proof, once it can wait no more: where it goes on, the email is taken
 * back. Emails that somebody waits for leave first.
 * @param how what was proven first
 * @param client its browser; null: the email names none
 * @param createdAt when that was: its link ends what was set up since
 * @returns the email's id; null when nothing is sent
 */
export async function sendHalfDoneAlert(
  { id, username, email, emailCanonical }: Addressee,
  how: string,
  client: ClientInfo | null,
  dueAt: Date,
  tx: Tx,
  createdAt = new Date(),
): Promise<string | null> {
  if (!features().mail || !(await isConfirmed(id, tx))) return null;
  const link = await makeLinkToken("lock-account", { userId: id, emailCanonical, createdAt }, tx);
  const alert = halfDoneLoginEmail(providerOf(how), { email, username }, client, link);
  return enqueueEmail(alert, tx, { dueAt, isAwaited: false });
}

/** True once the account's address was shown to be its owner's. */
export async function isConfirmed(id: string, tx: Tx): Promise<boolean> {
  const user = await tx.user.findUnique({ where: { id }, select: { emailVerified: true } });
  return user !== null && user.emailVerified !== null;
}

/**
 * Tells an owner of a login from a new device: at once, or in an email that leaves when the hour after the last one is over
 * and tells of all logins until then. One at most waits, and it has them itself: no row that a person can delete, such as a
 * known browser, takes a login out of it. The account must be held to the end of the transaction.
 * @param isPutOff true when it must not leave at once: no number of others keeps an owner from being told
 * @returns false when an email that waits already tells of this login too
 */
export async function sendLoginAlert(
  { id, username, email, emailCanonical }: Addressee,
  client: ClientInfo,
  isPutOff: boolean,
  tx: Tx,
): Promise<boolean> {
  const { loginAlertAt, loginAlertEmailId } = await tx.user.findUniqueOrThrow({
    where: { id },
    select: { loginAlertAt: true, loginAlertEmailId: true },
  });
  const to = { email, username };
  const makeLink: MakeLink = (createdAt) =>
    makeLinkToken("lock-account", { userId: id, emailCanonical, createdAt }, tx);
  const login = whenAndWhere(client);
  const isToldAtOnce = loginAlertAt === null && !isPutOff; // also beside an email that waits
  if (
    !isToldAtOnce &&
    loginAlertEmailId !== null &&
    (await addLogin(loginAlertEmailId, login, to, makeLink, tx))
  )
    return false;

  const now = Date.now();
  const inAnHour = now + LOGIN_ALERT_EVERY_MS;
  const nextAt = (loginAlertAt?.getTime() ?? 0) + LOGIN_ALERT_EVERY_MS;
  if (!isPutOff && nextAt <= now) {
    await enqueueEmail(newLoginEmail(to, client, await makeLink()), tx, { isAwaited: false });
    await noteLoginAlert(id, new Date(now), isToldAtOnce ? loginAlertEmailId : null, tx);
    return true;
  }
  // Never later, whatever another machine's clock has written.
  const dueAt = new Date(nextAt <= now ? inAnHour : Math.min(nextAt, inAnHour));
  const digest = laterLoginsEmail(to, [login], await makeLink());
  await noteLoginAlert(id, dueAt, await enqueueEmail(digest, tx, { isAwaited: false, dueAt }), tx);
  return true;
}

/** @param createdAt of the first login that the email tells of, where that is not now: what came since is in doubt */
type MakeLink = (createdAt?: Date) => Promise<AlertLink>;

/** Adds a login to the email that waits. False when none waits: it is leaving, or has left. */
async function addLogin(
  emailId: string,
  login: string,
  to: Recipient,
  makeLink: MakeLink,
  tx: Tx,
): Promise<boolean> {
  const waiting = await findWaitingEmail(emailId, tx);
  if (!waiting?.list) return false;
  if (waiting.list.length >= LOGINS_TOLD) return true; // it says that there may be more
  const link = await makeLink(waiting.createdAt);
  return rewriteEmail(emailId, laterLoginsEmail(to, [...waiting.list, login], link), tx);
}

/** @param waitingId the email that waits to leave then; null: none does */
async function noteLoginAlert(id: string, at: Date | null, waitingId: string | null, tx: Tx): Promise<void> {
  const data = { loginAlertAt: at, loginAlertEmailId: waitingId };
  await tx.user.update({ where: { id }, data, select: { id: true } });
}

/**
 * Begins anew to tell of logins: after a lock, a new password and a new address the next one is news at once. An email that
 * waits is taken back: its link works no longer, and its address may be another's. To be called while the logins that wait are
 * there.
 */
export async function forgetLoginAlerts(userId: string, tx: Tx): Promise<void> {
  const { loginAlertEmailId } = await tx.user.findUniqueOrThrow({
    where: { id: userId },
    select: { loginAlertEmailId: true },
  });
  const ofPending = (await findTold(userId, tx)).map(({ alertEmailId }) => alertEmailId);
  for (const id of [loginAlertEmailId, ...ofPending]) if (id !== null) await withdrawEmail(id, tx);
  await forgetTold(userId, tx);
  await forgetHalfDoneAlert(userId, tx);
  await noteLoginAlert(userId, null, null, tx);
}

/** Begins anew to tell of logins. An email that waits leaves as it is, and a lock or a new address can still take it back. */
export async function tellNextLoginAtOnce(userId: string, tx: Tx): Promise<void> {
  await forgetHalfDoneAlert(userId, tx);
  await tx.user.update({ where: { id: userId }, data: { loginAlertAt: null }, select: { id: true } });
}
