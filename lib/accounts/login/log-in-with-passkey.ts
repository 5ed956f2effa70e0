import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db } from "../../platform/db";
import type { LiveSession } from "../../security/sessions";
import type { PendingLogin } from "../../security/two-factor/pending-logins";
import { type AdmitOptions, type AdmitOutcome, admit } from "./admit";
import { admitPending, endWhereOver, type FinishOptions } from "./finish-login";
import { isPasskeyUsable, type PasskeyProof, type ProvenByPasskey, provePasskey } from "./prove-passkey";

type Unproven = Exclude<PasskeyProof, { ok: true }>;

export type PasskeyLoginOutcome = Exclude<AdmitOutcome, { reason: "second-factor" }> | Unproven;

/**
 * Logs in with a passkey alone, which counts as both factors. Who it is, the passkey says.
 * @param answer as the browser sends it, and the secret of the page that has asked
 */
export async function logInWithPasskey(
  { json, page }: { json: unknown; page: string },
  options: { isRemembered: boolean; previousSessionToken: string | null },
  client: ClientInfo,
): Promise<PasskeyLoginOutcome> {
  const proof = await provePasskey(json, { purpose: "log-in", subject: page }, client);
  return proof.ok ? admitByPasskey(proof.user, client, options) : proof;
}

/** Gives a login that waits its second proof by a passkey of its own account, and leads it on to the gate. */
export async function finishLoginByPasskey(
  pending: PendingLogin,
  json: unknown,
  options: FinishOptions,
  client: ClientInfo,
): Promise<AdmitOutcome | Unproven> {
  if (await endWhereOver(pending, options)) return { ok: false, reason: "refused" };
  const proof = await provePasskey(json, { purpose: "second-step", subject: pending.id }, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== pending.user.id) return { ok: false, reason: "refused" };
  // A passkey that is removed from now on ends the login that waits.
  if (!(await db.$transaction((tx) => isPasskeyUsable(proof.user, tx))))
    return { ok: false, reason: "refused" };
  return admitPending({ ...pending, provenAt: null }, "passkey", options, client); // it is both proofs, and of now
}

/** Proves by a passkey who is logged in, in place of the password and the second factor; the session is replaced by a new one. */
export async function reAuthenticateByPasskey(
  { id, user, isRemembered }: Pick<LiveSession, "id" | "user" | "isRemembered">,
  sessionToken: string | null,
  json: unknown,
  client: ClientInfo,
): Promise<PasskeyLoginOutcome> {
  const proof = await provePasskey(json, { purpose: "re-authenticate", subject: id }, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== user.id) return { ok: false, reason: "refused" };
  const options = { isRemembered, previousSessionToken: sessionToken, isReauthentication: true };
  return admitByPasskey(proof.user, client, options);
}

/** A passkey is both factors, so the gate asks for no second one. */
async function admitByPasskey(
  user: ProvenByPasskey,
  client: ClientInfo,
  options: AdmitOptions,
): Promise<PasskeyLoginOutcome> {
  const outcome = await admit(user, "passkey", client, options);
  if (!outcome.ok && outcome.reason === "second-factor")
    throw new Error("a passkey was asked for a second factor");
  return outcome;
}
