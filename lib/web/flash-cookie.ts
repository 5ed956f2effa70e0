import { type FlashKey, isFlashKey } from "../shared/flash-messages";

/** Marks a message that has been kept back once, for a page that turned out to lead on. */
const KEPT = ".kept";

/** What waits where no message does, but a page leads on all the same. */
const NONE = "none";

/** The message in a flash cookie; null for none, and for a value that this app has not written. */
export function flashIn(value: string | null): FlashKey | null {
  const key = value?.replace(KEPT, "") ?? "";
  return isFlashKey(key) ? key : null;
}

/** True for a message that may be kept back no longer, or a page and a route could lead to each other for ever. */
export function isKept(value: string | null): boolean {
  return value?.endsWith(KEPT) ?? false;
}

/** The same message, to be shown by the next page whatever that is. */
export function keptFlash(value: string | undefined): string {
  return (flashIn(value ?? null) ?? NONE) + KEPT;
}
