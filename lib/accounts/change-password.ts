import "server-only";
import { passwordChangedEmail } from "../mail/emails/password-changed";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import type { Addressee } from "../security/addressee";
import { record } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { forgetOtherBrowsers } from "../security/known-browsers";
import { endLinkTokens } from "../security/link-tokens";
import { hashPassword, requesterOf, reserveHashSlot } from "../security/passwords/password";
import { findBreach, findWeakness, type Weakness } from "../security/passwords/password-policy";
import { consumePasswordChange } from "../security/rate-limits/account-limits";
import { findLoginOf } from "../security/session-proof";
import { type OpenedSession, replaceSessions } from "../security/sessions";
import { canonical, normalizePassword } from "../shared/canonical";
import type { ChangePasswordInput } from "../shared/schemas";
import { SessionEndedError } from "./asking-session";
import { endTrustAndPending } from "./factors";
import { findLock, isLeaving } from "./locks";
import { PROVEN_COLUMNS, provePassword } from "./login/prove-password";
import { type Throttled, throttled } from "./outcomes";
import { forgetLoginAlerts, sendSecurityAlert } from "./security-alerts";
import { findWaysLeft, type WaysLeft } from "./ways-left";

export type ChangePasswordOutcome =
  /** `session` is this browser's from now on, `browserToken` the value for the known-browser cookie. */
  | ({ ok: true; session: OpenedSession; browserToken: string } & WaysLeft)
  /** The wrong password, or no longer the account's. */
  | { ok: false; reason: "refused" }
  /** The session that asks has been ended meanwhile, or the account was locked or is to be deleted. */
  | { ok: false; reason: "session-over" }
  /** The new password is the one the account has. */
  | { ok: false; reason: "unchanged" }
  | { ok: false; reason: "weak-password"; weakness: Weakness }
  | Throttled;

/** Who is logged in, and the token of that session. */
export interface LoggedIn {
  user: { id: string; username: string; email: string };
  sessionToken: string;
}

/**
 * Changes the password of someone who is logged in and knows the present one. Every other session ends, and every other
 * browser is forgotten; this one gets a new session and a new token. Links that would set another password or change the
 * address end, and a security alert goes out (ASVS v5.0.0-6.2.2, 6.2.3, 6.3.7, 7.4.3). A wrong password counts as a failed
 * login.
 * @throws HashQueueFullError when too many others wait for a hash
 */
export async function changePassword(
  asker: LoggedIn,
  { currentPassword, password }: Pick<ChangePasswordInput, "currentPassword" | "password">,
  client: ClientInfo,
): Promise<ChangePasswordOutcome> {
  const weakness = await findWeakness(password, asker.user); // before anything is counted
  if (weakness) return { ok: false, reason: "weak-password", weakness };
  const proof = await provePassword(canonical(asker.user.email), currentPassword, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== asker.user.id) return { ok: false, reason: "refused" };
  if (normalizePassword(password) === normalizePassword(currentPassword))
    return { ok: false, reason: "unchanged" };
  return replacePassword(proof.user, password, asker.sessionToken, client);
}

/**
 * The same for an account that has no password, for someone whose proof of who they are is recent: that is for the caller
 * to ask. Refuses once the account has one.
 * @throws HashQueueFullError as {@link changePassword}
 */
export async function setFirstPassword(
  asker: LoggedIn,
  { password }: Pick<ChangePasswordInput, "password">,
  client: ClientInfo,
): Promise<ChangePasswordOutcome> {
  const weakness = await findWeakness(password, asker.user);
  if (weakness) return { ok: false, reason: "weak-password", weakness };
  const owner = await db.user.findUnique({
    where: { id: asker.user.id, passwordHash: null },
    select: PROVEN_COLUMNS,
  });
  if (!owner) return { ok: false, reason: "refused" };
  return replacePassword(owner, password, asker.sessionToken, client);
}

/** True for an account with a password; one without it logs in with a provider. */
export async function hasPassword(userId: string, tx: Tx = db): Promise<boolean> {
  return (await tx.user.count({ where: { id: userId, passwordHash: { not: null } } })) === 1;
}

async function replacePassword(
  owner: Addressee & { passwordHash: string | null },
  password: string,
  sessionToken: string,
  client: ClientInfo,
): Promise<ChangePasswordOutcome> {
  const slot = await reserveHashSlot(requesterOf(client, owner.emailCanonical, true)); // before anything is counted
  try {
    const wait = await consumePasswordChange(owner.id);
    if (wait !== null) {
      await record("password-change-throttled", { userId: owner.id }, client);
      return throttled("attempts", wait);
    }
    const breach = await findBreach(password); // asks another server, so only for somebody who has shown who they are
    if (breach) return { ok: false, reason: "weak-password", weakness: breach };
    const passwordHash = await hashPassword(password, slot); // slow, so before the transaction
    return await keepPassword(owner, passwordHash, sessionToken, client);
  } finally {
    slot.release();
  }
}

async function keepPassword(
  owner: Addressee & { passwordHash: string | null },
  passwordHash: string,
  sessionToken: string,
  client: ClientInfo,
): Promise<ChangePasswordOutcome> {
  const { id: userId, passwordHash: formerHash } = owner;
  const change = db.$transaction<ChangePasswordOutcome>(async (tx) => {
    if (!(await holdAccount({ id: userId, passwordHash: formerHash }, tx)))
      return { ok: false, reason: "refused" };
    const isShut = (await findLock(userId, tx)) !== null || (await isLeaving(userId, tx));
    if (isShut || (await findLoginOf(sessionToken, tx)) === null)
      return { ok: false, reason: "session-over" };
    await tx.user.update({ where: { id: userId }, data: { passwordHash }, select: { id: true } });
    // One that confirms the address stays: it is for whoever reads that mailbox, whatever the password is.
    for (const purpose of ["reset-password", "change-email"] as const)
      await endLinkTokens(userId, purpose, tx);
    const left = await findWaysLeft(userId, tx);
    const alert = passwordChangedEmail(formerHash === null ? "set" : "changed", left);
    await sendSecurityAlert(userId, alert, client, tx);
    const session = await replaceSessions(userId, sessionToken, client, tx);
    if (!session) throw new SessionEndedError();
    const browserToken = await forgetOtherBrowsers(userId, client, tx);
    await forgetLoginAlerts(userId, tx);
    await endTrustAndPending(userId, tx);
    await record("password-changed", { userId }, client, tx);
    return { ok: true, session, browserToken, ...left };
  });
  return change.catch((error: unknown) => {
    if (error instanceof SessionEndedError) return { ok: false, reason: "session-over" };
    throw error;
  });
}
