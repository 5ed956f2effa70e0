import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db } from "../../platform/db";
import type { LiveSession } from "../../security/sessions";
import type { PendingLogin } from "../../security/two-factor/pending-logins";
import { type AdmitOutcome, admit } from "./admit";
import { type FinishOptions, goOn } from "./finish-login";
import { isPasskeyUsable, type PasskeyProof, provePasskey } from "./prove-passkey";

/** What a passkey has answered, and the secret of the browser that was asked. */
export interface PasskeyAnswer {
  json: unknown;
  browser: string;
}

export type PasskeyLoginOutcome = AdmitOutcome | Exclude<PasskeyProof, { ok: true }>;

/** Logs in with a passkey alone, which counts as both factors. Who it is, the passkey says. */
export async function logInWithPasskey(
  { json, browser }: PasskeyAnswer,
  options: { isRemembered: boolean; previousSessionToken: string | null },
  client: ClientInfo,
): Promise<PasskeyLoginOutcome> {
  const proof = await provePasskey(json, { purpose: "log-in", browser, subject: "" }, client);
  return proof.ok ? admit(proof.user, "passkey", client, options) : proof;
}

/** Gives a login that waits its second proof by a passkey of its own account, and leads it on to the gate. */
export async function finishLoginByPasskey(
  pending: PendingLogin,
  { json, browser }: PasskeyAnswer,
  options: FinishOptions,
  client: ClientInfo,
): Promise<PasskeyLoginOutcome> {
  const asked = { purpose: "second-step", browser, subject: pending.id } as const;
  const proof = await provePasskey(json, asked, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== pending.user.id) return { ok: false, reason: "refused" };
  // A passkey that is removed from now on ends the login that waits.
  if (!(await db.$transaction((tx) => isPasskeyUsable(proof.user, tx))))
    return { ok: false, reason: "refused" };
  return goOn(pending, "passkey", options, client);
}

/** Proves by a passkey who is logged in, in place of the password and the second factor; the session is replaced by a new one. */
export async function reAuthenticateByPasskey(
  { user, isRemembered }: Pick<LiveSession, "user" | "isRemembered">,
  sessionToken: string | null,
  { json, browser }: PasskeyAnswer,
  client: ClientInfo,
): Promise<PasskeyLoginOutcome> {
  const proof = await provePasskey(json, { purpose: "re-authenticate", browser, subject: user.id }, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== user.id) return { ok: false, reason: "refused" };
  const options = { isRemembered, previousSessionToken: sessionToken, isReauthentication: true };
  return admit(proof.user, "passkey", client, options);
}
