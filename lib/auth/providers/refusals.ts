import "server-only";
import { AuthError } from "next-auth";
import type { ClientInfo } from "../../platform/client-info";
import { logEvent } from "../../platform/log";
import { ProviderAnswerError, ProviderDownError } from "../../platform/providers/ask-provider";
import type { ProviderSettings } from "../../platform/settings/providers";
import type { ProviderCall } from "./provider-config";

/** Why there is no login with a provider. Its person is told by a flash message of that name. */
export type ProviderRefusal =
  /** They said no there, or were not asked. */
  | "declined"
  /** The answer is to no question of this browser, or was taken before. */
  | "lost"
  | "down"
  /** It is out of date: two clocks differ. */
  | "clock"
  /** It does not fit: another issuer, audience, nonce or verifier, or a setting that is wrong. */
  | "wrong";

/**
 * Error codes of a provider by which a person says no, or it finds that it would have to ask
 * them (OpenID Connect Core §3.1.2.6).
 */
const DECLINED = new Set([
  "access_denied",
  "login_required",
  "consent_required",
  "interaction_required",
  "account_selection_required",
]);

/** Error codes by which it says that it cannot (RFC 6749 §4.1.2.1). */
const UNABLE = new Set(["server_error", "temporarily_unavailable"]);

/**
 * What a call failed on: for the person, and in a few words for the log, without anything that is a secret.
 * @param said the error that the provider has sent with the browser, whether or not that is its answer; null: none
 */
export function refusalOf(
  { faults }: ProviderCall,
  said: string | null = null,
): { refusal: ProviderRefusal; reason: string } {
  const errors = faults.flatMap(chainOf);
  for (const error of errors) {
    if (error instanceof ProviderDownError) return { refusal: "down", reason: error.message };
    if (error instanceof ProviderAnswerError) return { refusal: "wrong", reason: error.message };
    const type = error instanceof AuthError ? error.type : "";
    if (type === "InvalidCheck") return { refusal: "lost", reason: "state, nonce or verifier missing" };
    // next-auth has found it to be the answer to its question, and leaves out what it says.
    const word = wordIn(type === "OAuthCallbackError" ? said : textOf(error, "error"));
    if (word !== null) return { refusal: refusalFor(word), reason: `it says ${word}` };
    const code = textOf(error, "code");
    if (code === "OAUTH_JWT_TIMESTAMP_CHECK_FAILED")
      return { refusal: "clock", reason: "its answer is out of date: the clocks differ" };
    // The library that checks says what did not fit, and never a value.
    if (code.startsWith("OAUTH_")) return { refusal: "wrong", reason: textOf(error, "message") };
  }
  const last = errors.at(-1);
  return { refusal: "wrong", reason: last instanceof Error ? last.name : "its answer names nobody" };
}

function refusalFor(said: string): ProviderRefusal {
  if (DECLINED.has(said)) return "declined";
  if (UNABLE.has(said)) return "down";
  return said === "invalid_grant" ? "lost" : "wrong";
}

/** The code of an error of a provider; null for what is none. */
function wordIn(said: string | null): string | null {
  return said !== null && /^[a-z_]{1,40}$/.test(said) ? said : null;
}

/** An error and what it came of: next-auth wraps them. */
function chainOf(error: unknown, depth = 0): unknown[] {
  if (depth > 5 || typeof error !== "object" || error === null) return [];
  const cause = "cause" in error ? error.cause : null;
  const inner = typeof cause === "object" && cause !== null && "err" in cause ? cause.err : cause;
  return [error, ...chainOf(inner, depth + 1)];
}

function textOf(value: unknown, key: string): string {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : null;
  return typeof found === "string" ? found : "";
}

/** Writes the line about it. What came in the address, such as a code, is no part of it. */
export function noteRefusal(
  { id }: Pick<ProviderSettings, "id">,
  reason: string,
  { requestId, ip, userAgent }: ClientInfo,
): void {
  logEvent("provider-refused", { requestId, userId: null, ip, userAgent }, { provider: id, reason });
}
