import { createHmac, timingSafeEqual } from "node:crypto";
import { derivedKey } from "../platform/crypto/derived-key";

/** Characters of the signature: 128 bits in base64url. */
const SIGNATURE_LENGTH = 22;

/**
 * The value of the known-browser cookie. The token is what an account knows the browser by, as a row in the database; the
 * signature lets a server under a flood of forms tell a browser that has logged in here from one that has not, without
 * asking the database. It opens nothing.
 */
export function signBrowserToken(token: string): string {
  return `${token}.${signatureOf(token)}`;
}

/** The token in a cookie, not yet believed; null when there is none. */
export function browserTokenIn(cookie: string | undefined): string | null {
  return cookie?.split(".", 1)[0] || null;
}

/** True for a cookie that {@link signBrowserToken} made with the AUTH_SECRET of today. */
export function isSignedHere(cookie: string): boolean {
  const [token = "", signature = ""] = cookie.split(".");
  const expected = Buffer.from(signatureOf(token));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function signatureOf(token: string): string {
  const mac = createHmac("sha256", derivedKey("latchkey known browser v1")).update(token).digest("base64url");
  return mac.slice(0, SIGNATURE_LENGTH);
}
