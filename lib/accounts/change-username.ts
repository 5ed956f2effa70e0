import "server-only";
import { usernameChangedEmail } from "../mail/emails/username-changed";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";
import { record } from "../security/audit";
import {
  assertUsernameIsFree,
  type FormerUsername,
  findFormerUsernames,
  keepFormerUsername,
  USERNAME_RESERVED_MS,
  UsernameReservedError,
} from "../security/former-usernames";
import { consumeUsernameAlert, consumeUsernameGuess } from "../security/rate-limits/account-limits";
import type { Attempt } from "../security/rate-limits/attempt";
import { canonical } from "../shared/canonical";
import { USERNAME_LIMITS } from "../shared/limits";
import type { ChangeUsernameInput } from "../shared/profile-schemas";
import { SECOND_MS } from "../shared/units";
import { type AskingSession, holdForSession } from "./asking-session";
import { type Throttled, throttled } from "./outcomes";
import { sendSecurityAlert } from "./security-alerts";

export type ChangeUsernameOutcome =
  | { ok: true }
  /** It is the account's own, to the letter. */
  | { ok: false; reason: "unchanged" }
  /** Another account has it, or can still take it back. */
  | { ok: false; reason: "taken" }
  /** The session that asks has just been ended. */
  | { ok: false; reason: "session-over" }
  | Throttled;

/** A name that an account can take back, and until when no other account gets it. */
export interface KeptUsername {
  username: string;
  until: Date;
}

/**
 * Gives an account another username, for somebody whose proof of who they are is recent: that is for the caller to ask. The
 * former one is kept for it: no other account gets it for a while, and its owner can take it back, whatever a thief has done
 * meanwhile. Of two accounts that want one name at once the database's unique constraint decides. A security alert goes out,
 * because people know the account by its name.
 */
export async function changeUsername(
  session: AskingSession,
  { username }: ChangeUsernameInput,
  client: ClientInfo,
): Promise<ChangeUsernameOutcome> {
  // Outside of the transaction, as that of another address.
  const alert = await consumeUsernameAlert(session.user.id);
  const guess = await consumeUsernameGuess(session.user.id);
  let [hasAlerted, isTaken] = [false, false];
  try {
    return await db.$transaction(async (tx) => {
      const renamed = await rename(session, username, guess, client, tx);
      hasAlerted =
        renamed.ok &&
        alert.ok &&
        (await sendSecurityAlert(session.user.id, usernameChangedEmail, client, tx));
      return renamed;
    });
  } catch (error) {
    hasAlerted = false;
    isTaken = isUniqueViolation(error) || error instanceof UsernameReservedError;
    if (!isTaken) throw error;
    return { ok: false, reason: "taken" };
  } finally {
    if (alert.ok && !hasAlerted) await alert.refund();
    if (guess.ok && !isTaken) await guess.refund();
  }
}

async function rename(
  session: AskingSession,
  username: string,
  guess: Attempt,
  client: ClientInfo,
  tx: Tx,
): Promise<ChangeUsernameOutcome> {
  if (!(await holdForSession(session, tx))) return { ok: false, reason: "session-over" };
  const userId = session.user.id;
  const owner = await tx.user.findUniqueOrThrow({
    where: { id: userId },
    select: { username: true, usernameCanonical: true },
  });
  if (owner.username === username) return { ok: false, reason: "unchanged" };
  const usernameCanonical = canonical(username);
  const kept = keptNames(await findFormerUsernames(userId, tx), owner.usernameCanonical);
  if (usernameCanonical !== owner.usernameCanonical && !kept.has(usernameCanonical)) {
    const refusal = guess.ok ? refusalOfNew(kept) : throttled("attempts", guess.retryAfterSeconds);
    if (refusal) {
      await record("username-change-throttled", { userId }, client, tx);
      return refusal;
    }
  }
  const data = { username, usernameCanonical };
  await tx.user.update({ where: { id: userId }, data, select: { id: true } });
  await assertUsernameIsFree(usernameCanonical, userId, tx);
  if (usernameCanonical !== owner.usernameCanonical) await keepFormerUsername(userId, owner, tx);
  await record("username-changed", { userId }, client, tx);
  return { ok: true };
}

/**
 * Why a name that is new to the account has to wait; null: it may go on. A name that is the account's, spelt otherwise or kept
 * for it, never waits: it is promised that it can be taken back. So an account keeps {@link USERNAME_LIMITS} names from others
 * beside its own, however it goes to and fro among them.
 */
function refusalOfNew(kept: Map<string, FormerUsername>): Throttled | null {
  // The newest first: once this one is forgotten, there are fewer than the limit.
  const decisive = [...kept.values()][USERNAME_LIMITS.newNames - 1];
  if (!decisive) return null;
  const waitMs = decisive.leftAt.getTime() + USERNAME_RESERVED_MS - Date.now();
  return throttled("usernames", Math.max(1, Math.ceil(waitMs / SECOND_MS)));
}

/** The names that an account can take back, the one given up last first. */
export async function listKeptUsernames(user: { id: string; username: string }): Promise<KeptUsername[]> {
  const kept = keptNames(await findFormerUsernames(user.id), canonical(user.username));
  return [...kept.values()].map(({ username, leftAt }) => ({
    username,
    until: new Date(leftAt.getTime() + USERNAME_RESERVED_MS),
  }));
}

/** Each by its canonical form, with the last time it was given up: a version before this one wrote a row for each time. */
function keptNames(former: FormerUsername[], own: string): Map<string, FormerUsername> {
  const kept = new Map<string, FormerUsername>();
  for (const name of former)
    if (name.usernameCanonical !== own && !kept.has(name.usernameCanonical))
      kept.set(name.usernameCanonical, name);
  return kept;
}
