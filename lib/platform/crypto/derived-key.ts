import { hkdfSync } from "node:crypto";
import { env } from "../env";

/** Length of a key, in bytes: what HMAC-SHA-256 and AES-256 take. */
const KEY_BYTES = 32;

const keys = new Map<string, Buffer>();

/**
 * A key from AUTH_SECRET for one purpose (RFC 5869): what is signed or sealed with it is
 * not valid for another purpose.
 * @param purpose names what the key is for, and its version
 * @throws Error where there is no secret: the server sets it before it serves
 */
export function derivedKey(purpose: string): Buffer {
  const known = keys.get(purpose);
  if (known) return known;
  const { authSecret } = env();
  if (authSecret === undefined)
    throw new Error("AUTH_SECRET is not set: the server sets it before it serves");
  const key = Buffer.from(hkdfSync("sha256", authSecret, "", purpose, KEY_BYTES));
  keys.set(purpose, key);
  return key;
}
