import "server-only";
import { createHmac, randomInt, timingSafeEqual } from "node:crypto";
import { derivedKey, derivedKeys } from "../platform/crypto/derived-key";
import { CODE_DIGITS, type LinkPurpose } from "../shared/links";

/** What the key for the hashes of codes is called. */
const KEY = "latchkey mailed code v1";

/** A code to type in place of an emailed link: easy to read off one screen and to type on another. */
export function newCode(): string {
  return randomInt(10 ** CODE_DIGITS)
    .toString()
    .padStart(CODE_DIGITS, "0");
}

/** With a key: a million codes are tried in a second, so a plain hash in a copy of the database would hide none. */
export function hashCode(purpose: LinkPurpose, emailCanonical: string, code: string): string {
  return hashWith(derivedKey(KEY), purpose, emailCanonical, code);
}

/** True for a code's hash, also by the key that was in force before AUTH_SECRET changed. It takes one time for every code. */
export function isHashOfCode(
  hash: string,
  purpose: LinkPurpose,
  emailCanonical: string,
  code: string,
): boolean {
  return derivedKeys(KEY).some((key) =>
    timingSafeEqual(Buffer.from(hash), Buffer.from(hashWith(key, purpose, emailCanonical, code))),
  );
}

function hashWith(key: Buffer, purpose: LinkPurpose, emailCanonical: string, code: string): string {
  return createHmac("sha256", key).update(`${purpose}\n${emailCanonical}\n${code}`).digest("hex");
}
