import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { derivedKey, derivedKeys } from "./derived-key";

const ALGORITHM = "aes-256-gcm";

/** NIST SP 800-38D §8.2: a random 96-bit value for each message. */
const NONCE_BYTES = 12;

/** The full length of a GCM tag. */
const TAG_BYTES = 16;

const OUTBOX = "latchkey outbox v1";

/**
 * Encrypts `text` so that it opens again in the row with this id alone.
 * @param key 32 bytes; that of the outbox where none is given
 */
export function seal(id: string, text: string, key = derivedKey(OUTBOX)): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(id));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

/**
 * @param keys 32 bytes each, of which one opens it; those of the outbox where none are given
 * @throws Error for text that was not sealed for this id with one of them
 */
export function unseal(id: string, sealed: string, keys: readonly Buffer[] = derivedKeys(OUTBOX)): string {
  for (const key of keys)
    try {
      return unsealWith(key, id, sealed);
    } catch {
      // not sealed with this one
    }
  throw new Error("not sealed for this row, or with another key");
}

function unsealWith(key: Buffer, id: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64url");
  const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)];
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(id))
    .setAuthTag(tag);
  const rest = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([rest, decipher.final()]).toString("utf8");
}
