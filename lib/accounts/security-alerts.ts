import "server-only";
import type { Email, Recipient } from "../mail/email";
import { LOGINS_TOLD, type Login, laterLoginsEmail, newLoginEmail } from "../mail/emails/new-login";
import type { AlertLink } from "../mail/emails/security-alert";
import { enqueueEmail, rewriteEmail, withdrawEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import type { Tx } from "../platform/db";
import { features } from "../platform/env";
import { type LinkOwner, makeLinkToken } from "../security/link-tokens";
import { LOGIN_ALERT_LIMITS } from "../shared/limits";
import { MINUTE_MS, SECOND_MS } from "../shared/units";

/** How long after an email about a login the next one leaves, in milliseconds. */
const LOGIN_ALERT_EVERY_MS = LOGIN_ALERT_LIMITS.windowSeconds * SECOND_MS;

/** An account and the address it is written to. */
export type Addressee = Pick<LinkOwner, "id" | "username" | "email" | "emailCanonical">;

/**
 * Tells an owner what was done with their account, with a link to lock it in case somebody else did it. An address never
 * confirmed may be a stranger's and gets nothing.
 * @returns false when nothing is sent
 */
export async function sendSecurityAlert(
  { id, username, email, emailCanonical }: Addressee,
  write: (to: Recipient, client: ClientInfo, link: AlertLink) => Email,
  client: ClientInfo,
  tx: Tx,
): Promise<boolean> {
  if (!features().mail || !(await isConfirmed(id, tx))) return false;
  const link = await makeLinkToken("lock-account", { userId: id, emailCanonical }, tx);
  await enqueueEmail(write({ email, username }, client, link), tx);
  return true;
}

/** True once the account's address was shown to be its owner's. */
export async function isConfirmed(id: string, tx: Tx): Promise<boolean> {
  const user = await tx.user.findUnique({ where: { id }, select: { emailVerified: true } });
  return user !== null && user.emailVerified !== null;
}

/**
 * Tells an owner of a login from a new device: at once, or in an email that leaves when the hour after the last one is over
 * and tells of all logins until then. The account must be held to the end of the transaction, and its new browser be known.
 * @param isPutOff true when it must not leave at once: no number of others keeps an owner from being told
 * @returns false when an email that waits already tells of this login too
 */
export async function sendLoginAlert(
  { id, username, email, emailCanonical }: Addressee,
  client: ClientInfo,
  isPutOff: boolean,
  tx: Tx,
): Promise<boolean> {
  const { loginAlertAt: last, loginAlertEmailId } = await tx.user.findUniqueOrThrow({
    where: { id },
    select: { loginAlertAt: true, loginAlertEmailId: true },
  });
  const now = Date.now();
  const isWithinTheHour = last !== null && last.getTime() > now - LOGIN_ALERT_EVERY_MS;
  const makeLink = () => makeLinkToken("lock-account", { userId: id, emailCanonical }, tx);
  if (!isPutOff && !isWithinTheHour && loginAlertEmailId === null) {
    await enqueueEmail(newLoginEmail({ email, username }, client, await makeLink()), tx, {
      isAwaited: false,
    });
    await tx.user.update({ where: { id }, data: { loginAlertAt: new Date(now) }, select: { id: true } });
    return true;
  }
  const logins = await loginsSince(id, sinceOf(last, loginAlertEmailId !== null, now), tx);
  if (loginAlertEmailId !== null && logins.length > LOGINS_TOLD) return false; // it says that there may be more
  const digest = laterLoginsEmail({ email, username }, logins, await makeLink());
  if (loginAlertEmailId !== null && (await rewriteEmail(loginAlertEmailId, digest, tx))) return false;
  const dueAt = new Date((isWithinTheHour ? last.getTime() : now) + LOGIN_ALERT_EVERY_MS);
  const emailId = await enqueueEmail(digest, tx, { isAwaited: false, dueAt });
  const data = { loginAlertAt: dueAt, loginAlertEmailId: emailId };
  await tx.user.update({ where: { id }, data, select: { id: true } });
  return true;
}

/** From when on the last email could not tell of a login: when it left, or an hour before it will leave. */
function sinceOf(last: Date | null, isWaiting: boolean, now: number): Date {
  if (last === null) return new Date(now - LOGIN_ALERT_EVERY_MS);
  if (isWaiting) return new Date(last.getTime() - LOGIN_ALERT_EVERY_MS);
  return new Date(Math.min(last.getTime(), now - MINUTE_MS)); // another machine's clock may be ahead
}

/** The first browsers that became known to an account from then on, one more than an email tells of at most. */
function loginsSince(userId: string, since: Date, tx: Tx): Promise<Login[]> {
  return tx.knownBrowser.findMany({
    where: { userId, createdAt: { gt: since } },
    orderBy: { createdAt: "asc" },
    take: LOGINS_TOLD + 1,
    select: { createdAt: true, ip: true, userAgent: true },
  });
}

/**
 * Begins anew to tell of logins: after a lock, a new password and a new address the next one is news at once. An email that
 * waits is taken back: its link works no longer, and its address may be another's.
 */
export async function forgetLoginAlerts(userId: string, tx: Tx): Promise<void> {
  const { loginAlertEmailId } = await tx.user.findUniqueOrThrow({
    where: { id: userId },
    select: { loginAlertEmailId: true },
  });
  if (loginAlertEmailId !== null) await withdrawEmail(loginAlertEmailId, tx);
  const data = { loginAlertAt: null, loginAlertEmailId: null };
  await tx.user.update({ where: { id: userId }, data, select: { id: true } });
}

/**
 * Lets an email that waits leave as it is, because the account forgets a browser: rewritten for the next login, it would no
 * longer tell of one that only that browser shows.
 */
export async function keepLoginAlert(userId: string, tx: Tx): Promise<void> {
  const data = { loginAlertEmailId: null };
  await tx.user.update({ where: { id: userId }, data, select: { id: true } });
}
