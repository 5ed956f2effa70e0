import "server-only";
import { derivedKey, derivedKeys } from "../platform/crypto/derived-key";
import { seal, unseal } from "../platform/crypto/seal";

/**
 * What a browser carries, encrypted, from one page to the next: the secret of an app being set up, codes to show once, what it
 * was sent to a provider for, whom a provider means, and whose account it has shown to be this browser's.
 */
export type Carried = "set-up" | "recovery-codes" | "journey" | "arrival" | "voucher";

/** @param userId empty where nobody is known yet
 * @param ttlMs how long it opens again, in milliseconds */
export function sealForBrowser(what: Carried, userId: string, value: string, ttlMs: number): string {
  return seal(contextOf(what, userId), JSON.stringify([Date.now() + ttlMs, value]), derivedKey(KEY));
}

/** Null for what was not sealed for this account and use, and once its time is over. */
export function openFromBrowser(what: Carried, userId: string, sealed: string | null): string | null {
  if (!sealed) return null;
  try {
    const [until, value] = JSON.parse(unseal(contextOf(what, userId), sealed, derivedKeys(KEY))) as [
      number,
      string,
    ];
    return Date.now() < until ? value : null;
  } catch {
    return null;
  }
}

const KEY = "latchkey carried by a browser v1";

function contextOf(what: Carried, userId: string): string {
  return `${what} ${userId}`;
}
