import type { IncomingMessage } from "node:http";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { countedNetworks } from "../platform/address";
import { hashPool } from "../security/passwords/pool";
import { BURST_LIMITS } from "../shared/limits";
import { signedBrowserToken } from "../web/browser-cookie";
import { cookieNames } from "../web/cookies";

/** How a form above the limit is refused, and when it may come again, in seconds. */
export interface BurstRefusal {
  status: 429 | 503;
  retryAfterSeconds: number;
}

const { forms, formsOfKnownBrowsers, windowSeconds } = BURST_LIMITS;
const ofNetwork = new RateLimiterMemory({ points: forms, duration: windowSeconds });
const ofNetworkInAll = new RateLimiterMemory({ points: formsOfKnownBrowsers, duration: windowSeconds });
const ofBrowser = new RateLimiterMemory({ points: forms, duration: windowSeconds });

/**
 * Counts a form before its body is read; null when it may pass. Reading a form, counting its attempt and rendering the page
 * that refuses it takes a hundred times as long, and other pages wait meanwhile.
 *
 * A browser that has logged in here before passes when its network has sent too many or the hashing queue is full:
 * strangers do not keep it out. Then it is counted by itself, and all such browsers of a network together: anyone with an
 * account can get many such cookies.
 *
 * @param ip the client's address
 */
export async function refuseBurst(request: IncomingMessage, ip: string): Promise<BurstRefusal | null> {
  const tooMany = hashPool().isOverrun
    ? ({ status: 503, retryAfterSeconds: hashPool().secondsToDrain } as const)
    : await consumeForNetworks(ofNetwork, ip);
  if (!tooMany) return null;

  const cookie = cookieOf(request, cookieNames.browser());
  const token = cookie === null ? null : signedBrowserToken(cookie);
  if (token === null) return tooMany;
  return (await consumeForNetworks(ofNetworkInAll, ip)) ?? consume(ofBrowser, token);
}

/** Counts a form for every network of the address; a wider one may send more, so each form weighs less there. */
async function consumeForNetworks(limiter: RateLimiterMemory, ip: string): Promise<BurstRefusal | null> {
  const answers = countedNetworks(ip).map(({ network, times }) => consume(limiter, network, 1 / times));
  return (await Promise.all(answers)).find((refusal) => refusal !== null) ?? null;
}

async function consume(limiter: RateLimiterMemory, key: string, weight = 1): Promise<BurstRefusal | null> {
  try {
    await limiter.consume(key, weight);
    return null;
  } catch (refused) {
    const { msBeforeNext } = refused as RateLimiterRes; // a limiter in memory throws nothing else
    return { status: 429, retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
  }
}

function cookieOf({ headers }: IncomingMessage, name: string): string | null {
  const line = headers.cookie?.split(/; */).find((pair) => pair.startsWith(`${name}=`));
  return line?.slice(name.length + 1) ?? null;
}
