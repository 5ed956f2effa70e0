import "server-only";
import { authenticatorChangedEmail } from "../../mail/emails/two-factor";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { env } from "../../platform/env";
import { record } from "../../security/audit";
import { holdAccount } from "../../security/hold-account";
import { consumeFactorChange } from "../../security/rate-limits/second-factor-limits";
import { hasSecondFactorLately, isProofRecent, noteSecondFactor } from "../../security/session-proof";
import { dropAuthenticator, putAuthenticator } from "../../security/two-factor/authenticators";
import { isStillPending, type PendingLogin } from "../../security/two-factor/pending-logins";
import {
  dropRecoveryCodes,
  findRecoveryCodes,
  replaceRecoveryCodes,
} from "../../security/two-factor/recovery-codes";
import { stepsOf } from "../../security/two-factor/totp";
import { type AskingSession, holdForSession } from "../asking-session";
import { findLock } from "../locks";
import { type Throttled, throttled } from "../outcomes";
import { type Addressee, sendSecurityAlert } from "../security-alerts";
import { endStanding, hasSecondFactor } from "./factors";

/** Why somebody logged in may not change the second factors of their account. */
export type NotProven =
  /** The session that asks has just been ended. */
  | { ok: false; reason: "session-over" }
  /**
   * The account has a second factor, and this session has not proven it of late: it was set up elsewhere at this moment. Or a
   * login waits whose first proof was not given of late, see {@link mayAddFactor}.
   */
  | { ok: false; reason: "proof-needed" };

export type SetUpOutcome =
  /** `recoveryCodes` are to be shown, once; empty where the account has kept those it had. */
  | { ok: true; isReplaced: boolean; recoveryCodes: string[] }
  /** The code does not show that the app has the secret. */
  | { ok: false; reason: "wrong-code" }
  | NotProven
  | Throttled;

export type RemovalOutcome =
  /** `hadOne`: false when there was nothing to remove. */
  | { ok: true; hadOne: boolean }
  /** REQUIRE_TWO_FACTOR is set: it can be replaced. */
  | { ok: false; reason: "required" }
  | NotProven
  | Throttled;

/**
 * Makes an authenticator app the second factor of an account, once a code shows that the app has the secret; one that it had
 * is its factor until then. For somebody whose proof of who they are is recent, a second factor included: that is for the
 * caller to ask (ASVS v5.0.0-7.5.1). With the first app come recovery codes. Browsers that were not asked for a code are
 * asked again, and a security alert goes out (ASVS v5.0.0-6.3.7).
 */
export async function setUpAuthenticator(
  session: AskingSession,
  { secret, code }: { secret: string; code: string },
  client: ClientInfo,
): Promise<SetUpOutcome> {
  const userId = session.user.id;
  const outcome = await proveSecret(userId, secret, code, client);
  if (!outcome.ok) return outcome;
  return db.$transaction(async (tx) => {
    const refusal = await holdForChange(session, tx);
    if (refusal) return refusal;
    await noteSecondFactor(session.id, tx);
    return keepAuthenticator(userId, secret, outcome.step, client, tx);
  });
}

/**
 * True where a login that waits may set up a second factor, an app as little as a passkey: its first proof is as recent as inside.
 * A provider lets a borrowed browser through without a question, and the factor would be asked of the owner from then on. A
 * newcomer by a provider may without: nobody has ever been in their account.
 */
export async function mayAddFactor({
  user,
  provenAt,
}: Pick<PendingLogin, "user" | "provenAt">): Promise<boolean> {
  if (provenAt === null || isProofRecent({ createdAt: provenAt, provenAt })) return true;
  return (await db.user.count({ where: { id: user.id, passwordHash: null, firstLoginAt: null } })) === 1;
}

/**
 * The same in the midst of a login, where the site requires a second factor and the account has none yet. The login goes on
 * to wait: that its second proof is given is for `admit` to hear.
 */
export async function setUpWhileLoggingIn(
  pending: PendingLogin,
  { secret, code }: { secret: string; code: string },
  client: ClientInfo,
): Promise<SetUpOutcome> {
  const { user } = pending;
  if (await hasSecondFactor(user.id)) return { ok: false, reason: "session-over" }; // uses up none of the owner's changes
  if (!(await mayAddFactor(pending))) return { ok: false, reason: "proof-needed" };
  const outcome = await proveSecret(user.id, secret, code, client);
  if (!outcome.ok) return outcome;
  return db.$transaction(async (tx) => {
    if (!(await holdForSetUp(pending, tx))) return { ok: false, reason: "session-over" };
    return keepAuthenticator(user.id, secret, outcome.step, client, tx, pending);
  });
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
  const isAllowed = (await isStillPending(id, tx)) && (await findLock(user.id, tx)) === null;
  return isAllowed && !(await hasSecondFactor(user.id, tx));
}

/** Counts the change only for a right code: a person may need several tries. */
async function proveSecret(
  userId: string,
  secret: string,
  code: string,
  client: ClientInfo,
): Promise<{ ok: true; step: number } | Exclude<SetUpOutcome, { ok: true }>> {
  const step = stepsOf(secret, code, Date.now()).at(-1);
  if (step === undefined) return { ok: false, reason: "wrong-code" };
  const wait = await consumeFactorChange(userId);
  if (wait === null) return { ok: true, step };
  await record("second-factor-change-throttled", { userId }, client);
  return throttled("attempts", wait);
}

/** @param spared the login that goes on with it; all others that wait end */
async function keepAuthenticator(
  userId: string,
  secret: string,
  step: number,
  client: ClientInfo,
  tx: Tx,
  spared: PendingLogin | null = null,
): Promise<SetUpOutcome> {
  await endStanding(userId, tx, spared);
  const isReplaced = await putAuthenticator(userId, secret, step, tx);
  const keepsCodes = isReplaced && (await findRecoveryCodes(userId, tx)) !== null;
  const recoveryCodes = keepsCodes ? [] : await replaceRecoveryCodes(userId, tx);
  const what = isReplaced ? "replaced" : "added";
  await sendSecurityAlert(await findOwner(userId, tx), authenticatorChangedEmail(what), client, tx);
  await record(`authenticator-${what}`, { userId }, client, tx);
  return { ok: true, isReplaced, recoveryCodes };
}

/**
 * Takes the authenticator app from an account, and with it the recovery codes, which stand in for it. For somebody whose proof
 * of who they are is recent, a code included: that is for the caller to ask.
 */
export async function removeAuthenticator(
  session: AskingSession,
  client: ClientInfo,
): Promise<RemovalOutcome> {
  if (env().requireTwoFactor) return { ok: false, reason: "required" };
  const userId = session.user.id;
  if (!(await hasSecondFactor(userId))) return { ok: true, hadOne: false };
  const wait = await consumeFactorChange(userId);
  if (wait !== null) {
    await record("second-factor-change-throttled", { userId }, client);
    return throttled("attempts", wait);
  }
  return db.$transaction(async (tx) => {
    const refusal = await holdForChange(session, tx);
    if (refusal) return refusal;
    if (!(await dropAuthenticator(userId, tx))) return { ok: true, hadOne: false };
    await dropRecoveryCodes(userId, tx);
    await endStanding(userId, tx);
    await sendSecurityAlert(await findOwner(userId, tx), authenticatorChangedEmail("removed"), client, tx);
    await record("authenticator-removed", { userId }, client, tx);
    return { ok: true, hadOne: true };
  });
}

/**
 * Holds the account of somebody who wants to change its second factors, to the end of the transaction. Pages and actions have
 * asked for the proof; here nothing comes between.
 * @returns null: they may
 */
export async function holdForChange(session: AskingSession, tx: Tx): Promise<NotProven | null> {
  if (!(await holdForSession(session, tx))) return { ok: false, reason: "session-over" };
  if (!(await hasSecondFactor(session.user.id, tx))) return null;
  return (await hasSecondFactorLately(session.id, tx)) ? null : { ok: false, reason: "proof-needed" };
}

export function findOwner(id: string, tx: Tx): Promise<Addressee> {
  return tx.user.findUniqueOrThrow({
    where: { id },
    select: { id: true, username: true, email: true, emailCanonical: true },
  });
}
