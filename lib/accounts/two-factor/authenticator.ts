import "server-only";
import { authenticatorChangedEmail } from "../../mail/emails/two-factor";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { env } from "../../platform/env";
import { record } from "../../security/audit";
import { noteSecondFactor } from "../../security/session-proof";
import { dropAuthenticator, putAuthenticator } from "../../security/two-factor/authenticators";
import type { PendingLogin } from "../../security/two-factor/pending-logins";
import {
  dropRecoveryCodes,
  findRecoveryCodes,
  replaceRecoveryCodes,
} from "../../security/two-factor/recovery-codes";
import { stepsOf } from "../../security/two-factor/totp";
import type { AskingSession } from "../asking-session";
import {
  changeFactors,
  countFactorChange,
  holdForChange,
  holdForSetUp,
  mayAddFactor,
  type NotProven,
} from "../factor-change";
import { endTrustAndPending, hasSecondFactor } from "../factors";
import type { Throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";

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

/** Counts the change only for a right code: a person may need several tries. */
async function proveSecret(
  userId: string,
  secret: string,
  code: string,
  client: ClientInfo,
): Promise<{ ok: true; step: number } | Exclude<SetUpOutcome, { ok: true }>> {
  const step = stepsOf(secret, code, Date.now()).at(-1);
  if (step === undefined) return { ok: false, reason: "wrong-code" };
  return (await countFactorChange(userId, client)) ?? { ok: true, step };
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
  await endTrustAndPending(userId, tx, spared);
  const isReplaced = await putAuthenticator(userId, secret, step, tx);
  const keepsCodes = isReplaced && (await findRecoveryCodes(userId, tx)) !== null;
  const recoveryCodes = keepsCodes ? [] : await replaceRecoveryCodes(userId, tx);
  const what = isReplaced ? "replaced" : "added";
  await sendSecurityAlert(userId, authenticatorChangedEmail(what), client, tx);
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
  return changeFactors<RemovalOutcome>(session, client, async (tx) => {
    if (!(await dropAuthenticator(userId, tx))) return { ok: true, hadOne: false };
    await dropRecoveryCodes(userId, tx);
    await endTrustAndPending(userId, tx);
    await sendSecurityAlert(userId, authenticatorChangedEmail("removed"), client, tx);
    await record("authenticator-removed", { userId }, client, tx);
    return { ok: true, hadOne: true };
  });
}
