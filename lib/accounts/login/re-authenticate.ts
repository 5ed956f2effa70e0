import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import type { LiveSession } from "../../security/sessions";
import { canonical } from "../../shared/schemas";
import type { LoginOutcome } from "./admit";
import { admitByPassword } from "./log-in-with-password";
import { provePassword } from "./prove-password";

/**
 * Proves once more who is logged in, by the password and the one gate of every login: a wrong one counts as a failed login,
 * a lock refuses, and the session is replaced by a new one, remembered as it was (ASVS v5.0.0-7.2.4).
 * @throws HashQueueFullError as {@link provePassword}
 */
export async function reAuthenticate(
  { user, isRemembered }: Pick<LiveSession, "user" | "isRemembered">,
  sessionToken: string | null,
  password: string,
  client: ClientInfo,
): Promise<LoginOutcome> {
  const proof = await provePassword(canonical(user.email), password, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== user.id) return { ok: false, reason: "refused" }; // the address has become another account's
  const options = { isRemembered, previousSessionToken: sessionToken, isReauthentication: true };
  return admitByPassword(proof.user, password, client, options);
}
