import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { derivedKey } from "./derived-key";

const ALGORITHM = "aes-256-gcm";

/** NIST SP 800-38D §8.2: a random 96-bit value for each message. */
const NONCE_BYTES = 12;

/** The full length of a GCM tag. */
const TAG_BYTES = 16;

/** What a row is sealed for where nothing else is said. */
const OUTBOX = "latchkey outbox v1";

/**
 * Encrypts `text` so that it opens again in the row with this id alone.
 * @param purpose of the key: another table has another one
 */
export function seal(id: string, text: string, purpose = OUTBOX): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, derivedKey(purpose), nonce, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(id),
  );
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** @throws Error for text that was not sealed for this id and purpose with the current AUTH_SECRET */
export function unseal(id: string, sealed: string, purpose = OUTBOX): string {
  const bytes = Buffer.from(sealed, "base64url");
  const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)];
  const decipher = createDecipheriv(ALGORITHM, derivedKey(purpose), nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(id))
    .setAuthTag(tag);
  const rest = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([rest, decipher.final()]).toString("utf8");
}
