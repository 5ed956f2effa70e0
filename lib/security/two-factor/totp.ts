import "server-only";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { TOTP_DIGITS, TOTP_STEP_S } from "../../shared/two-factor";
import { SECOND_MS } from "../../shared/units";

/** Random bytes in a secret: 160 bits, as long as the hash of its codes (RFC 4226 §4). */
const SECRET_BYTES = 20;

/**
 * Steps before and after the server's own whose codes are taken: for a phone's clock, and for
 * the time typing takes (RFC 6238 §5.2).
 */
const DRIFT_STEPS = 1;

/** A new secret for an authenticator app, in base32. */
export function newSecret(): string {
  return new Secret({ buffer: Uint8Array.from(randomBytes(SECRET_BYTES)).buffer }).base32;
}

/** The time step of a moment (ASVS v5.0.0-6.5.5: by the server's clock). @param now in milliseconds since 1970 */
export function stepAt(now: number): number {
  return Math.floor(now / (TOTP_STEP_S * SECOND_MS));
}

/** The code that an app with this secret shows in a time step. */
export function codeOf(secret: string, step: number): string {
  return totp(secret).generate({ timestamp: step * TOTP_STEP_S * SECOND_MS });
}

/**
 * The time steps around now, the oldest first, in which this is the code; none for a wrong one. Takes one time for every code.
 */
export function stepsOf(secret: string, code: string, now: number): number[] {
  const present = stepAt(now);
  const steps = Array.from({ length: 2 * DRIFT_STEPS + 1 }, (_, index) => present - DRIFT_STEPS + index);
  return steps.filter((step) => isEqual(codeOf(secret, step), code));
}

/**
 * What a QR code tells an authenticator app (https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
 * @param issuer what the site is called
 * @param label the account, as its owner tells it from others
 */
export function keyUri(secret: string, { issuer, label }: { issuer: string; label: string }): string {
  return totp(secret, { issuer, label }).toString();
}

/** SHA-1 because some apps know nothing else, whatever the URI says; HMAC does not suffer from its weakness. */
function totp(secret: string, names: { issuer?: string; label?: string } = {}): TOTP {
  return new TOTP({
    ...names,
    secret: Secret.fromBase32(secret),
    algorithm: "SHA1",
    digits: TOTP_DIGITS,
    period: TOTP_STEP_S,
  });
}

function isEqual(expected: string, given: string): boolean {
  const [one, other] = [Buffer.from(expected), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}
