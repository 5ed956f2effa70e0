import "server-only";
import { createHmac } from "node:crypto";
import { derivedKeys } from "../platform/crypto/derived-key";
import { canonical } from "../shared/canonical";

const KEY = "latchkey email recipient v1";

/**
 * What the rows of emails to this address have in place of it, in any case of its letters: by AUTH_SECRET, and after that by
 * each former one that still opens something.
 */
export function recipientHashes(address: string): [string, ...string[]] {
  const hash = (key: Buffer) => createHmac("sha256", key).update(canonical(address)).digest("hex");
  const [key, ...former] = derivedKeys(KEY);
  return [hash(key), ...former.map(hash)];
}
