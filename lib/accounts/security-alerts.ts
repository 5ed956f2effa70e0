import "server-only";
import type { Email } from "../mail/email";
import { laterLoginsEmail, newLoginEmail } from "../mail/emails/new-login";
import type { AlertLink } from "../mail/emails/security-alert";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import type { Tx } from "../platform/db";
import { features } from "../platform/env";
import { type LinkOwner, makeLinkToken } from "../security/link-tokens";
import { LOGIN_ALERT_LIMITS } from "../shared/limits";
import { SECOND_MS } from "../shared/units";

/** How long after an email about a login the next one leaves, in milliseconds. */
const LOGIN_ALERT_EVERY_MS = LOGIN_ALERT_LIMITS.windowSeconds * SECOND_MS;

/** An account and the address it is written to. */
export type Addressee = Pick<LinkOwner, "id" | "email" | "emailCanonical">;

/**
 * Tells an owner what was done with their account, with a link to lock it in case somebody else did it. An address never
 * confirmed may be a stranger's and gets nothing.
 */
export async function sendSecurityAlert(
  { id, email, emailCanonical }: Addressee,
  write: (email: string, client: ClientInfo, link: AlertLink) => Email,
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  if (!features().mail || !(await isConfirmed(id, tx))) return;
  const link = await makeLinkToken("lock-account", { userId: id, emailCanonical }, tx);
  await enqueueEmail(write(email, client, link), tx);
}

async function isConfirmed(id: string, tx: Tx): Promise<boolean> {
  const { emailVerified } = await tx.user.findUniqueOrThrow({
    where: { id },
    select: { emailVerified: true },
  });
  return emailVerified !== null;
}

/**
 * Tells an owner of a login from a new device: at once, or when the hour after the last such email is over. One email
 * tells of all logins in that hour. The account must be held to the end of the transaction, so that they count one by one.
 * @returns false when an email that leaves later tells of this login too
 */
export async function sendLoginAlert(
  { id, email, emailCanonical }: Addressee,
  client: ClientInfo,
  tx: Tx,
): Promise<boolean> {
  const { loginAlertAt: last } = await tx.user.findUniqueOrThrow({
    where: { id },
    select: { loginAlertAt: true },
  });
  const now = Date.now();
  if (last !== null && last.getTime() > now) return false;
  const next = last === null ? now : Math.max(now, last.getTime() + LOGIN_ALERT_EVERY_MS);
  const link = await makeLinkToken("lock-account", { userId: id, emailCanonical }, tx);
  const write = next > now ? laterLoginsEmail : newLoginEmail;
  await enqueueEmail(write(email, client, link), tx, { isAwaited: false, dueAt: new Date(next) });
  await tx.user.update({ where: { id }, data: { loginAlertAt: new Date(next) }, select: { id: true } });
  return true;
}
