import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { record } from "../security/audit";
import { holdAccount } from "../security/hold-account";
import { consumeFactorChange } from "../security/rate-limits/second-factor-limits";
import { hasSecondFactorLately, isProofRecent } from "../security/session-proof";
import { isStillPending, type PendingLogin } from "../security/two-factor/pending-logins";
import { type AskingSession, holdForSession } from "./asking-session";
import { hasSecondFactor } from "./factors";
import { findLock } from "./locks";
import { hasJustRegistered } from "./newcomers";
import { type Throttled, throttled } from "./outcomes";

// One way to change what an account proves itself with: app, recovery codes, passkeys and connections.

/** Why somebody may not change what an account proves itself with. */
export type NotProven =
  /** The session that asks has just been ended. */
  | { ok: false; reason: "session-over" }
  /**
   * The account has a second factor, and this session has not proven it of late: it was set up elsewhere at this moment. Or a
   * login waits whose first proof was not given of late, see {@link mayAddFactor}.
   */
  | { ok: false; reason: "proof-needed" };

/** Counts one change. Null: go on. */
export async function countFactorChange(userId: string, client: ClientInfo): Promise<Throttled | null> {
  const wait = await consumeFactorChange(userId);
  if (wait === null) return null;
  await record("second-factor-change-throttled", { userId }, client);
  return throttled("attempts", wait);
}

/**
 * Makes a change for a session that has proven of late who is there: it is counted first, and the account is held while `work`
 * runs, in one transaction.
 */
export async function changeFactors<Outcome>(
  session: AskingSession,
  client: ClientInfo,
  work: (tx: Tx) => Promise<Outcome>,
): Promise<Outcome | NotProven | Throttled> {
  const refusal = await countFactorChange(session.user.id, client);
  if (refusal) return refusal;
  return db.$transaction(async (tx) => (await holdForChange(session, tx)) ?? work(tx));
}

/**
 * Holds the account of somebody who wants to make a change, to the end of the transaction. Pages and actions have asked for the
 * proof; here nothing comes between.
 * @returns null: they may
 */
export async function holdForChange(session: AskingSession, tx: Tx): Promise<NotProven | null> {
  if (!(await holdForSession(session, tx))) return { ok: false, reason: "session-over" };
  if (!(await hasSecondFactor(session.user.id, tx))) return null;
  return (await hasSecondFactorLately(session.id, tx)) ? null : { ok: false, reason: "proof-needed" };
}

/**
 * True where a login that waits may set up a second factor, an app as little as a passkey: its first proof is as recent as inside.
 * A provider lets a borrowed browser through without a question, and the factor would be asked of the owner from then on. A
 * newcomer by a provider may without, for a while: nobody has ever been in their account. That of a take-over may have been in use.
 * So may who has just confirmed the address: the mailbox alone could choose a password and do the same.
 */
export async function mayAddFactor({
  user,
  provenAt,
  isConfirming,
}: Pick<PendingLogin, "user" | "provenAt" | "isConfirming">): Promise<boolean> {
  if (provenAt === null || isConfirming || isProofRecent({ createdAt: provenAt, provenAt })) return true;
  const where = { id: user.id, passwordHash: null, firstLoginAt: null };
  return (await db.user.count({ where })) === 1 && (await hasJustRegistered(user.id, db));
}

/**
 * Holds the account of a login that waits for a second factor to be set up, to the end of the transaction. False: it waits no
 * more, or the account has one meanwhile.
 */
export async function holdForSetUp(
  { id, user }: Pick<PendingLogin, "id" | "user">,
  tx: Tx,
): Promise<boolean> {
  await holdAccount({ id: user.id }, tx);
  const isAllowed = (await isStillPending({ id }, tx)) && (await findLock(user.id, tx)) === null;
  return isAllowed && !(await hasSecondFactor(user.id, tx));
}
