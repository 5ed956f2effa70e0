import type { IncomingMessage } from "node:http";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { clientNetwork } from "../platform/address";
import { readSeal } from "../security/known-browsers";
import { hashPool } from "../security/passwords/pool";
import { FLOOD_LIMITS } from "../shared/limits";
import { cookieNames } from "../web/cookies";

/** Why a form is turned away unread, and when it may come again, in seconds. */
export interface Overflow {
  status: 429 | 503;
  retryAfterSeconds: number;
}

const forms = new RateLimiterMemory({ points: FLOOD_LIMITS.forms, duration: FLOOD_LIMITS.windowSeconds });

/**
 * Says of a form, before its body is read, that it is one of too many; null when it may come in. To read a form, count
 * its attempt and draw the page that refuses it takes a hundred times as long, and pages wait meanwhile.
 *
 * Browsers that have logged in here before are counted one by one and not with their network, and pass where hashing is
 * overrun: strangers do not keep them out.
 *
 * @param ip the client's address; null when it is unknown
 */
export async function overflow(request: IncomingMessage, ip: string | null): Promise<Overflow | null> {
  const seal = readSeal(cookieOf(request, cookieNames.device()));
  if (seal === null && hashPool().isOverrun)
    return { status: 503, retryAfterSeconds: hashPool().secondsToDrain };
  try {
    await forms.consume(seal ?? clientNetwork(ip));
    return null;
  } catch (refused) {
    const { msBeforeNext } = refused as RateLimiterRes; // in memory there is nothing else to throw
    return { status: 429, retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
  }
}

function cookieOf({ headers }: IncomingMessage, name: string): string | null {
  const line = headers.cookie?.split(/; */).find((pair) => pair.startsWith(`${name}=`));
  return line?.slice(name.length + 1) ?? null;
}
