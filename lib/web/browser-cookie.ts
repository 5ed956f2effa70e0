import { createHmac, timingSafeEqual } from "node:crypto";
import { derivedKey, derivedKeys } from "../platform/crypto/derived-key";

/** Characters of the signature: 128 bits in base64url. */
const SIGNATURE_LENGTH = 22;

const PURPOSE = "latchkey known browser v1";

/**
 * The value of the known-browser cookie. An account knows the browser by the token, whose hash is a row in the database. The
 * signature is for the burst limit alone: it tells without a query that this browser has logged in here. Neither logs
 * anyone in.
 */
export function signBrowserToken(token: string): string {
  return `${token}.${signatureOf(token, derivedKey(PURPOSE))}`;
}

/** The token in a cookie, not yet checked; null when there is none. */
export function browserTokenIn(cookie: string | undefined): string | null {
  return cookie?.split(".", 1)[0] || null;
}

/** The token in a cookie that {@link signBrowserToken} made, also before AUTH_SECRET changed; null for any other cookie. */
export function signedBrowserToken(cookie: string): string | null {
  const token = browserTokenIn(cookie);
  if (token === null) return null;
  const given = Buffer.from(cookie);
  const isSigned = derivedKeys(PURPOSE)
    .map((key) => Buffer.from(`${token}.${signatureOf(token, key)}`))
    .some((expected) => given.length === expected.length && timingSafeEqual(given, expected));
  return isSigned ? token : null;
}

/**
 * The token for a browser that is logged in and has no such cookie yet: one for each session, so that two of its tabs agree.
 * Needed as long as `adoptBrowser` is.
 */
export function browserTokenFor(sessionToken: string): string {
  return createHmac("sha256", derivedKey("latchkey browser of a session v1"))
    .update(sessionToken)
    .digest("base64url");
}

function signatureOf(token: string, key: Buffer): string {
  return createHmac("sha256", key).update(token).digest("base64url").slice(0, SIGNATURE_LENGTH);
}
