import { hkdfSync } from "node:crypto";
import { env } from "../env";

/** Length of a key, in bytes: what HMAC-SHA-256 and AES-256 take. */
const KEY_BYTES = 32;

const keys = new Map<string, [Buffer, ...Buffer[]]>();

/**
 * A key from AUTH_SECRET for one purpose (RFC 5869): what is signed or sealed with it is
 * not valid for another purpose.
 * @param purpose names what the key is for, and its version
 * @throws Error where there is no secret: the server sets it before it serves
 */
export function derivedKey(purpose: string): Buffer {
  return derivedKeys(purpose)[0];
}

/**
 * That key, and after it those from AUTH_SECRET_PREVIOUS: they open and check what was sealed or signed before AUTH_SECRET
 * changed. Nothing new is made with them.
 * @throws as {@link derivedKey}
 */
export function derivedKeys(purpose: string): [Buffer, ...Buffer[]] {
  const known = keys.get(purpose);
  if (known) return known;
  const { authSecret, otherSecrets } = env();
  if (authSecret === undefined)
    throw new Error("AUTH_SECRET is not set: the server sets it before it serves");
  const derive = (secret: string) => Buffer.from(hkdfSync("sha256", secret, "", purpose, KEY_BYTES));
  const derived: [Buffer, ...Buffer[]] = [derive(authSecret), ...otherSecrets.map(derive)];
  keys.set(purpose, derived);
  return derived;
}
