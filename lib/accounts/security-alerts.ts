import "server-only";
import type { Recipient } from "../mail/email";
import { LOGINS_TOLD, laterLoginsEmail, newLoginEmail } from "../mail/emails/new-login";
import { type AlertLink, lockTokenIn, type WriteAlert, whenAndWhere } from "../mail/emails/security-alert";
import { halfDoneLoginEmail } from "../mail/emails/two-factor";
import { enqueueEmail, findWaitingEmail, readdressEmail, rewriteEmail, withdrawEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import type { Tx } from "../platform/db";
import { features } from "../platform/env";
import { providerOf } from "../platform/providers/configured-providers";
import { ADDRESSEE_COLUMNS, type Addressee } from "../security/addressee";
import { makeLinkBeside, makeLinkToken } from "../security/link-tokens";
import { forgetHalfDoneAlert } from "../security/rate-limits/second-factor-limits";
import { findTold, forgetTold } from "../security/two-factor/pending-logins";
import { LOGIN_ALERT_LIMITS } from "../shared/limits";
import { SECOND_MS } from "../shared/units";

/** How long after an email about a login the next one leaves, in milliseconds. */
const LOGIN_ALERT_EVERY_MS = LOGIN_ALERT_LIMITS.windowSeconds * SECOND_MS;

/**
 * Tells an owner what was done with their account, with a link to lock it in case somebody else did it. It goes to the address
 * that the account has in this transaction, which holds it, whatever it had when the proof was given. An address never
 * confirmed may be a stranger's and gets nothing.
 * @param expiresAt until when its link works, where that is longer than others do
 * @returns false when nothing is sent
 */
export async function sendSecurityAlert(
  userId: string,
  write: WriteAlert,
  client: ClientInfo,
  tx: Tx,
  expiresAt?: Date,
): Promise<boolean> {
  const owner = features().mail ? await findConfirmedOwner(userId, tx) : null;
  if (!owner) return false;
  const { emailCanonical } = owner;
  const link = await makeLinkToken("lock-account", { userId, emailCanonical, expiresAt }, tx);
  await enqueueEmail(write(owner, client, link), tx);
  return true;
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
  userId: string,
  how: string,
  client: ClientInfo | null,
  dueAt: Date,
  tx: Tx,
  createdAt = new Date(),
): Promise<string | null> {
  const owner = features().mail ? await findConfirmedOwner(userId, tx) : null;
  if (!owner) return null;
  const { emailCanonical } = owner;
  const link = await makeLinkToken("lock-account", { userId, emailCanonical, createdAt }, tx);
  const alert = halfDoneLoginEmail(providerOf(how), owner, client, link);
  return enqueueEmail(alert, tx, { dueAt, createdAt, isAwaited: false });
}

/** An account with the address that was shown to be its owner's; null: none was. */
export async function findConfirmedOwner(id: string, tx: Tx): Promise<Addressee | null> {
  return tx.user.findUnique({ where: { id, emailVerified: { not: null } }, select: ADDRESSEE_COLUMNS });
}

/** True once the account's address was shown to be its owner's. */
export async function isConfirmed(id: string, tx: Tx): Promise<boolean> {
  return (await findConfirmedOwner(id, tx)) !== null;
}

/**
 * Tells an owner of a login from a new device: at once, or in an email that leaves when the hour after the last one is over
 * and tells of all logins until then. One at most waits, and it has them itself: no row that a person can delete, such as a
 * known browser, takes a login out of it. The account must be held to the end of the transaction.
 * @param isPutOff true when it must not leave at once: no number of others keeps an owner from being told
 * @returns false when an email that waits already tells of this login too
 */
export async function sendLoginAlert(
  id: string,
  client: ClientInfo,
  isPutOff: boolean,
  tx: Tx,
): Promise<boolean> {
  const { loginAlertAt, loginAlertEmailId, emailCanonical, ...to } = await tx.user.findUniqueOrThrow({
    where: { id },
    select: { ...ADDRESSEE_COLUMNS, loginAlertAt: true, loginAlertEmailId: true },
  });
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
 * Begins anew to tell of logins: after a lock and a new password the next one is news at once. An email that waits is taken back:
 * what it asks for is done. To be called while the logins that wait are there.
 */
export async function forgetLoginAlerts(userId: string, tx: Tx): Promise<void> {
  for (const id of await findLoginAlerts(userId, tx)) await withdrawEmail(id, tx);
  await forgetTold(userId, tx);
  await forgetHalfDoneAlert(userId, tx);
  await noteLoginAlert(userId, null, null, tx);
}

/**
 * Has the emails about logins that wait for their time go to the address that an account has just got; one that a mail server has
 * put off goes along as long as no other has taken its place. Each gets a link of its own, which counts from now: the new mailbox
 * may be a thief's, who must not end by it what the owner has set up since those logins. A copy that the former mailbox gets all
 * the same keeps its link, which takes the address back. So does an email that was sealed with another secret: it leaves for the
 * address that it was written to.
 */
export async function readdressLoginAlerts({ id, email, emailCanonical }: Addressee, tx: Tx): Promise<void> {
  const owner = { userId: id, emailCanonical };
  for (const emailId of await findLoginAlerts(id, tx))
    await readdressEmail(
      emailId,
      async (alert) => {
        const former = lockTokenIn(alert);
        const link = former && (await makeLinkBeside("lock-account", former, owner, tx));
        if (!link) return null;
        const text = alert.text.replaceAll(former, link.token);
        return { ...alert, to: email, text, html: alert.html.replaceAll(former, link.token) };
      },
      tx,
    );
  await tellNextLoginAtOnce(id, tx);
}

/** The emails that tell, or have told, of the logins of an account, and of those that wait. */
async function findLoginAlerts(userId: string, tx: Tx): Promise<string[]> {
  const { loginAlertEmailId } = await tx.user.findUniqueOrThrow({
    where: { id: userId },
    select: { loginAlertEmailId: true },
  });
  return [...(loginAlertEmailId === null ? [] : [loginAlertEmailId]), ...(await findTold(userId, tx))];
}

/** Begins anew to tell of logins. An email that waits leaves as it is, and a lock can still take it back. */
export async function tellNextLoginAtOnce(userId: string, tx: Tx): Promise<void> {
  await forgetHalfDoneAlert(userId, tx);
  await tx.user.update({ where: { id: userId }, data: { loginAlertAt: null }, select: { id: true } });
}
