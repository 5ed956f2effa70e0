import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import type { LiveSession } from "../../security/sessions";
import { canonical } from "../../shared/canonical";
import { hasSecondFactor } from "../factors";
import type { LoginOutcome } from "./admit";
import { admitByPassword } from "./log-in-with-password";
import { provePassword } from "./prove-password";
import { proveSecondFactor, type SecondFactorInput } from "./prove-second-factor";

export type ReAuthenticateOutcome =
  | Exclude<LoginOutcome, { reason: "second-factor" }>
  /** The account has a second factor, and none was shown. */
  | { ok: false; reason: "code-needed" }
  | { ok: false; reason: "wrong-code" };

/**
 * Proves once more who is logged in, by the password, the second factor where the account has one, and the one gate of every
 * login: a wrong one counts as in a failed login, a lock refuses, and the session is replaced by a new one, remembered as it
 * was (ASVS v5.0.0-7.2.4). No browser is let off the second factor here.
 * @param secondFactor null: none was shown
 * @throws HashQueueFullError as {@link provePassword}
 */
export async function reAuthenticate(
  { user, isRemembered }: Pick<LiveSession, "user" | "isRemembered">,
  sessionToken: string | null,
  { password, secondFactor }: { password: string; secondFactor: SecondFactorInput | null },
  client: ClientInfo,
): Promise<ReAuthenticateOutcome> {
  const proof = await provePassword(canonical(user.email), password, client);
  if (!proof.ok) return proof;
  if (proof.user.id !== user.id) return { ok: false, reason: "refused" }; // the address has become another account's
  const options = { isRemembered, previousSessionToken: sessionToken, isReauthentication: true };
  if (!(await hasSecondFactor(user.id)))
    return withoutWaiting(await admitByPassword(proof.user, password, client, options));
  if (!secondFactor) return { ok: false, reason: "code-needed" };
  const second = await proveSecondFactor(proof.user, secondFactor, client);
  if (!second.ok) return second;
  const proven = { ...options, secondFactor: second.secondFactor };
  return withoutWaiting(await admitByPassword(proof.user, password, client, proven));
}

/** The account may have got a second factor at this moment: then it is asked for, and nothing waits. */
function withoutWaiting(outcome: LoginOutcome): ReAuthenticateOutcome {
  if (outcome.ok || outcome.reason !== "second-factor") return outcome;
  return { ok: false, reason: "code-needed" };
}
