import "server-only";
import { accountKeptEmail } from "../mail/emails/account-kept";
import { deletionOfFormerEmail, deletionRequestedEmail } from "../mail/emails/deletion-requested";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { features } from "../platform/env";
import type { Addressee } from "../security/addressee";
import { record } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { rememberBrowser } from "../security/known-browsers";
import { endLinkTokens } from "../security/link-tokens";
import { consumeDeletion } from "../security/rate-limits/account-limits";
import { findLoginOf } from "../security/session-proof";
import { type LeavingSession, type OpenedSession, renewSession, revokeSessions } from "../security/sessions";
import { prolongWayBack } from "../security/ways-back";
import { canonical } from "../shared/canonical";
import { DELETION_DAYS } from "../shared/limits";
import { DAY_MS } from "../shared/units";
import { SessionEndedError } from "./asking-session";
import type { LoggedIn } from "./change-password";
import { endDeletion, findLock } from "./locks";
import { PROVEN_COLUMNS, provePassword } from "./login/prove-password";
import { type Throttled, throttled } from "./outcomes";
import { sendSecurityAlert } from "./security-alerts";

export type DeletionOutcome =
  | { ok: true; deleteAt: Date }
  /** What was typed is not the username. */
  | { ok: false; reason: "other-username" }
  /** The wrong password, or no longer the account's. */
  | { ok: false; reason: "refused" }
  /** The session that asks has just been ended, or the account was locked. */
  | { ok: false; reason: "session-over" }
  | Throttled;

/** When an account is erased whose owner asks for it now. */
export function deletionEnd(now = Date.now()): Date {
  return new Date(now + DELETION_DAYS * DAY_MS);
}

/**
 * Has an account erased in {@link DELETION_DAYS} days, for someone who is logged in, knows the password and types the
 * username (ASVS v5.0.0-7.5.3). Every session ends. Until then a login can keep it. Whoever asked may be a thief: the
 * address is told, with a link that locks the account and keeps it, and so is a former one that can still be taken back.
 * Known browsers stay: a login is the way to keep the account, and strangers' failures do not shut them out of it.
 * @throws HashQueueFullError as {@link provePassword}
 */
export async function requestDeletion(
  asker: LoggedIn,
  { username, password }: { username: string; password: string },
  client: ClientInfo,
): Promise<DeletionOutcome> {
  if (!isUsernameOf(asker, username)) return { ok: false, reason: "other-username" };
  const proof = await provePassword(canonical(asker.user.email), password, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== asker.user.id) return { ok: false, reason: "refused" };
  return markForDeletion(proof.user, asker.sessionToken, client);
}

/**
 * The same for an account that has no password, for someone whose proof of who they are is recent: that is for the caller to
 * ask. Refuses once the account has one.
 */
export async function requestDeletionWithoutPassword(
  asker: LoggedIn,
  { username }: { username: string },
  client: ClientInfo,
): Promise<DeletionOutcome> {
  if (!isUsernameOf(asker, username)) return { ok: false, reason: "other-username" };
  const owner = await db.user.findUnique({
    where: { id: asker.user.id, passwordHash: null },
    select: PROVEN_COLUMNS,
  });
  if (!owner) return { ok: false, reason: "refused" };
  return markForDeletion(owner, asker.sessionToken, client);
}

function isUsernameOf({ user }: LoggedIn, typed: string): boolean {
  return canonical(typed) === canonical(user.username);
}

async function markForDeletion(
  owner: Addressee & { passwordHash: string | null },
  sessionToken: string,
  client: ClientInfo,
): Promise<DeletionOutcome> {
  const { id: userId, passwordHash } = owner;
  const wait = await consumeDeletion(userId);
  if (wait !== null) {
    await record("deletion-throttled", { userId }, client);
    return throttled("attempts", wait);
  }
  const deleteAt = deletionEnd();
  return db.$transaction(async (tx) => {
    if (!(await holdAccount({ id: userId, passwordHash }, tx))) return { ok: false, reason: "refused" };
    const isLocked = (await findLock(userId, tx)) !== null;
    if (isLocked || (await findLoginOf(sessionToken, tx)) === null)
      return { ok: false, reason: "session-over" };
    await tx.user.update({ where: { id: userId }, data: { deleteAt }, select: { id: true } });
    await endLinkTokens(userId, "change-email", tx);
    await sendSecurityAlert(userId, deletionRequestedEmail(deleteAt), client, tx, deleteAt);
    await tellFormerAddress(owner, deleteAt, client, tx);
    await revokeSessions(userId, tx);
    await record("deletion-requested", { userId }, client, tx);
    return { ok: true, deleteAt };
  });
}

async function tellFormerAddress(
  owner: Addressee,
  deleteAt: Date,
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  const back = features().mail ? await prolongWayBack(owner.id, deleteAt, tx) : null;
  if (!back) return;
  const to = { email: back.address, username: owner.username };
  await enqueueEmail(deletionOfFormerEmail(to, client, back.link, deleteAt), tx);
}

/**
 * Keeps an account that was to be deleted, for someone who has logged in to it since. Their session opens everything from now
 * on, under a new token: its end and the proof it began with stay (ASVS v5.0.0-7.5.1). Every other one ends, because it may be
 * a thief's. The owner is told.
 * @returns the session and the value for the known-browser cookie; null, and nothing done, when the session that asks has just
 *   been ended
 */
export async function keepAccount(
  { user: { id: userId }, deleteAt }: Pick<LeavingSession, "user" | "deleteAt">,
  sessionToken: string,
  client: ClientInfo,
): Promise<{ session: OpenedSession; browserToken: string } | null> {
  const keep = db.$transaction(async (tx) => {
    await holdAccount({ id: userId }, tx);
    if ((await findLoginOf(sessionToken, tx)) === null || !(await endDeletion(userId, tx))) return null;
    await sendSecurityAlert(userId, accountKeptEmail(deleteAt), client, tx);
    const session = await renewSession(userId, sessionToken, client, tx);
    if (!session) throw new SessionEndedError(); // a log-out holds no account
    const browser = await rememberBrowser(userId, client, tx);
    await record("deletion-cancelled", { userId }, client, tx);
    return { session, browserToken: browser.token };
  });
  return keep.catch((error: unknown) => {
    if (error instanceof SessionEndedError) return null;
    throw error;
  });
}
