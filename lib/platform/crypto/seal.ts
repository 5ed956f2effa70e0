import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { derivedKey, derivedKeys } from "./derived-key";

const ALGORITHM = "aes-256-gcm";

/** NIST SP 800-38D §8.2: a random 96-bit value for each message. */
const NONCE_BYTES = 12;

/** The full length of a GCM tag. */
const TAG_BYTES = 16;

const PURPOSE = "latchkey outbox v1";

/** Encrypts `text` so that it opens again in the row with this id alone. */
export function seal(id: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, derivedKey(PURPOSE), nonce, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(id),
  );
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** @throws Error for text that was not sealed for this id with AUTH_SECRET or one of AUTH_SECRET_PREVIOUS */
export function unseal(id: string, sealed: string): string {
  const [own, ...others] = derivedKeys(PURPOSE);
  for (const key of others)
    try {
      return unsealWith(key, id, sealed);
    } catch {
      // not sealed with this one
    }
  return unsealWith(own, id, sealed);
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
