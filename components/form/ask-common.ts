import {
  HASH_DIGITS,
  PREFIX_DIGITS,
  parseRange,
  RANGE_HEADER,
  RANGE_PATH,
  rangeName,
} from "@/lib/shared/common-range";
import { commonListEdition } from "@/lib/shared/common-words";
import { listKey } from "@/lib/shared/password-rules";

/** How long the answer is waited for, in milliseconds. */
export const ANSWER_WITHIN_MS = 4_000;

/**
 * Asks the server whether a password is on its list of common ones. Only the beginning of a hash is sent.
 * @returns null when that cannot be told: there is no answer in time, or no secure context to hash in
 */
export async function askWhetherCommon(password: string): Promise<boolean | null> {
  if (!globalThis.crypto?.subtle) return null;
  const asking = new AbortController();
  const patience = setTimeout(() => asking.abort(), ANSWER_WITHIN_MS);
  try {
    const hash = await hashOf(password);
    const range = rangeName(await commonListEdition(), hash.slice(0, PREFIX_DIGITS));
    const response = await fetch(RANGE_PATH, { headers: { [RANGE_HEADER]: range }, signal: asking.signal });
    const lines = response.ok ? parseRange(await response.text()) : null;
    return lines?.includes(hash.slice(PREFIX_DIGITS)) ?? null;
  } catch {
    return null; // no connection, or given up
  } finally {
    clearTimeout(patience);
  }
}

async function hashOf(password: string): Promise<string> {
  const bytes = new TextEncoder().encode(listKey(password));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .slice(0, HASH_DIGITS);
}
