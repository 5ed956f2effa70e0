import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db } from "../../platform/db";
import { findSession } from "../../security/sessions";
import { endWaitingProofs, type PendingLogin } from "../../security/two-factor/pending-logins";
import { type AddPasskeyOutcome, addPasskeyWhileLoggingIn } from "../passkeys/add-passkey";
import { type SetUpOutcome, setUpWhileLoggingIn } from "../two-factor/authenticator";
import { type AdmitOutcome, admit, type SecondFactor } from "./admit";
import { proveSecondFactor, type SecondFactorInput, type SecondFactorProof } from "./prove-second-factor";

export type FinishOutcome = AdmitOutcome | Exclude<SecondFactorProof, { ok: true }>;

/** `recoveryCodes` are to be shown, once. */
export type FinishBySetUpOutcome =
  | { ok: true; login: AdmitOutcome; recoveryCodes: string[] }
  | Exclude<SetUpOutcome, { ok: true }>;

export type FinishByNewPasskeyOutcome =
  | { ok: true; login: AdmitOutcome }
  | Exclude<AddPasskeyOutcome, { ok: true }>;

/** What its browser wants, beside being logged in. */
export interface FinishOptions {
  /** The session that this browser held before, which ends with the login; null when it held none. */
  previousSessionToken: string | null;
  /** True where it is not to be asked for the second factor again for a while. */
  trustsBrowser: boolean;
}

/** Gives a login that waits its second proof, and leads it on to the gate: everything is asked there again. */
export async function finishLogin(
  pending: PendingLogin,
  input: SecondFactorInput,
  options: FinishOptions,
  client: ClientInfo,
): Promise<FinishOutcome> {
  if (await endWhereOver(pending, options)) return { ok: false, reason: "refused" }; // no code is used up for it
  const proof = await proveSecondFactor(pending.user, input, client, pending.how);
  if (!proof.ok) return proof;
  return admitPending(pending, proof.secondFactor, options, client);
}

/** The same where the site requires a second factor and the account had none: it has now. */
export async function finishBySetUp(
  pending: PendingLogin,
  input: { secret: string; code: string },
  options: FinishOptions,
  client: ClientInfo,
): Promise<FinishBySetUpOutcome> {
  const outcome = await setUpWhileLoggingIn(pending, input, client);
  if (!outcome.ok) return outcome;
  const login = await admitPending(pending, "code", options, client);
  return { ok: true, login, recoveryCodes: outcome.recoveryCodes };
}

/** The same by a passkey: its person was verified as it was made. */
export async function finishByNewPasskey(
  pending: PendingLogin,
  json: unknown,
  options: FinishOptions,
  client: ClientInfo,
): Promise<FinishByNewPasskeyOutcome> {
  const outcome = await addPasskeyWhileLoggingIn(pending, json, client);
  return outcome.ok ? { ok: true, login: await admitPending(pending, "passkey", options, client) } : outcome;
}

/**
 * Leads a login that has its second proof on to the gate. One that a session has asked for is no new login but proves again who
 * is logged in there: it is refused where this browser does not have that session any more, and is asked for the factor the
 * next time too.
 */
export async function admitPending(
  pending: PendingLogin,
  secondFactor: SecondFactor,
  options: FinishOptions,
  client: ClientInfo,
): Promise<AdmitOutcome> {
  const { id, how, provenAt, isRemembered, isConfirming, sessionId, user } = pending;
  const { previousSessionToken, trustsBrowser } = options;
  const isReauthentication = sessionId !== null;
  return admit({ ...user, pending: { id, how, provenAt } }, "pending-login", client, {
    isRemembered,
    previousSessionToken: (await isOver(pending, options)) ? null : previousSessionToken,
    isConfirming,
    isReauthentication,
    secondFactor,
    trustsBrowser: trustsBrowser && !isReauthentication,
  });
}

/** Ends the waiting of a proof that a session has asked for which this browser does not have any more. False: it has it. */
export async function endWhereOver(pending: PendingLogin, options: FinishOptions): Promise<boolean> {
  const { user, sessionId } = pending;
  if (sessionId === null || !(await isOver(pending, options))) return false;
  await endWaitingProofs({ userId: user.id, sessionId }, db);
  return true;
}

/** True for a proof that a session has asked for which this browser does not have any more. */
async function isOver(
  { sessionId }: PendingLogin,
  { previousSessionToken }: FinishOptions,
): Promise<boolean> {
  if (sessionId === null) return false;
  const session = previousSessionToken === null ? null : await findSession(previousSessionToken);
  return session?.id !== sessionId;
}
