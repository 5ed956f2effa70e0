import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import type { LiveSession } from "../../security/sessions";
import { MINUTE_MS } from "../../shared/units";
import { hasPassword } from "../change-password";
import { canShowPasskey } from "../passkeys/own-passkeys";
import { type AdmitOutcome, admit } from "./admit";
import {
  type ProvenByProvider,
  type ProviderIdentity,
  type ProviderProof,
  proveProvider,
} from "./prove-provider";

/** `user` is whose account it is; null: none was found, and the gate was not asked. */
export type ProviderLoginOutcome =
  | { user: ProvenByProvider; outcome: AdmitOutcome }
  | { user: null; outcome: Exclude<ProviderProof, { ok: true }> };

/** How far a provider's clock may be from ours, in milliseconds. */
export const PROVIDER_CLOCKS_MS = MINUTE_MS;

/** Logs in whom a provider has recognised. It is one factor, whatever the provider has asked for. */
export async function logInWithProvider(
  identity: ProviderIdentity,
  options: { isRemembered: boolean; previousSessionToken: string | null },
  client: ClientInfo,
): Promise<ProviderLoginOutcome> {
  const proof = await proveProvider(identity, client);
  if (!proof.ok) return { outcome: proof, user: null };
  return { outcome: await admit(proof.user, "provider", client, options), user: proof.user };
}

export type ReAuthenticateByProviderOutcome =
  | AdmitOutcome
  | Exclude<ProviderProof, { ok: true }>
  /** The provider has not asked its person anew who they are. */
  | { ok: false; reason: "not-fresh" }
  /** The account has a password: that is asked for. */
  | { ok: false; reason: "password-needed" }
  /** The provider does not say when its person logged in, and the account has a passkey, which is the better proof. */
  | { ok: false; reason: "passkey-needed" };

/**
 * Proves again who is logged in, for an account without a password: by a login at the provider that is as fresh as the
 * question. One that says when its person logged in must say so; one that cannot, such as GitHub, is taken at its word
 * (`isTimed` false) where the account has no passkey. An account with a second factor goes on to wait for that.
 * @param askedAt when the browser was sent to the provider
 */
export async function reAuthenticateByProvider(
  { user, isRemembered }: Pick<LiveSession, "user" | "isRemembered">,
  sessionToken: string | null,
  identity: ProviderIdentity,
  { askedAt, isTimed }: { askedAt: Date; isTimed: boolean },
  client: ClientInfo,
): Promise<ReAuthenticateByProviderOutcome> {
  if (await hasPassword(user.id)) return { ok: false, reason: "password-needed" };
  if (!isTimed && (await canShowPasskey(user.id))) return { ok: false, reason: "passkey-needed" };
  const at = identity.authenticatedAt?.getTime() ?? (isTimed ? 0 : askedAt.getTime());
  if (at < askedAt.getTime() - PROVIDER_CLOCKS_MS) return { ok: false, reason: "not-fresh" };
  const proof = await proveProvider(identity, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== user.id) return { ok: false, reason: "refused" };
  const options = { isRemembered, previousSessionToken: sessionToken, isReauthentication: true };
  return admit(proof.user, "provider", client, options);
}
