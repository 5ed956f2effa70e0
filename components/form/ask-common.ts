import { HASH_DIGITS, PREFIX_DIGITS, rangePath } from "@/lib/shared/common-range";
import { commonListEdition } from "@/lib/shared/common-words";
import { listKey } from "@/lib/shared/password-rules";

/**
 * Asks the server whether a password is on its list of common ones. Only the beginning of a hash is sent.
 * @param signal gives the question up
 * @returns null when that cannot be told: there is no answer, or no secure context to hash in
 */
export async function askWhetherCommon(password: string, signal: AbortSignal): Promise<boolean | null> {
  if (!globalThis.crypto?.subtle) return null;
  const bytes = new TextEncoder().encode(listKey(password));
  const hash = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .slice(0, HASH_DIGITS);
  try {
    const path = rangePath(await commonListEdition(), hash.slice(0, PREFIX_DIGITS));
    const response = await fetch(path, { signal });
    if (!response.ok) return null;
    return (await response.text()).split("\n").includes(hash.slice(PREFIX_DIGITS));
  } catch {
    return null; // no connection, or given up
  }
}
