import type { IncomingMessage } from "node:http";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { clientNetwork } from "../platform/address";
import { hashPool } from "../security/passwords/pool";
import { BURST_LIMITS } from "../shared/limits";
import { isSignedHere } from "../web/browser-cookie";
import { cookieNames } from "../web/cookies";

/** Why a form is turned away unread, and when it may come again, in seconds. */
export interface Overflow {
  status: 429 | 503;
  retryAfterSeconds: number;
}

const { forms, formsOfKnownBrowsers, windowSeconds } = BURST_LIMITS;
const ofNetwork = new RateLimiterMemory({ points: forms, duration: windowSeconds });
const ofNetworkInAll = new RateLimiterMemory({ points: formsOfKnownBrowsers, duration: windowSeconds });
const ofBrowser = new RateLimiterMemory({ points: forms, duration: windowSeconds });

/**
 * Says of a form, before its body is read, that it is one of too many; null when it may come in. To read a form, count
 * its attempt and draw the page that refuses it takes a hundred times as long, and pages wait meanwhile.
 *
 * A browser that has logged in here before goes on where its network or the hashing queue has too many: strangers do not
 * keep it out. It is counted by itself then, and all such browsers of a network together: cookies are free for everybody
 * with an account.
 *
 * @param ip the client's address; null when it is unknown
 */
export async function overflow(request: IncomingMessage, ip: string | null): Promise<Overflow | null> {
  const network = clientNetwork(ip) ?? "unknown"; // a connection that has just been closed
  const tooMany = hashPool().isOverrun
    ? ({ status: 503, retryAfterSeconds: hashPool().secondsToDrain } as const)
    : await consume(ofNetwork, network);
  if (!tooMany) return null;

  const cookie = cookieOf(request, cookieNames.browser());
  if (cookie === null || !isSignedHere(cookie)) return tooMany;
  return (await consume(ofNetworkInAll, network)) ?? consume(ofBrowser, cookie);
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<Overflow | null> {
  try {
    await limiter.consume(key);
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
