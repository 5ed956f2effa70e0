import type { IncomingMessage } from "node:http";
import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { countedNetworks } from "../platform/address";
import { primary } from "../platform/ipc";
import { pathOf } from "../platform/log";
import { hashQueue } from "../security/passwords/hash-queue";
import { BURST_LIMITS } from "../shared/limits";
import { routes } from "../shared/routes";
import { signedBrowserToken } from "../web/browser-cookie";
import { cookieNames } from "../web/cookies";
import { ACTION_HEADER } from "../web/internal-headers";
import { knownActions } from "../web/known-actions";

/** How a form above the limit is refused, and when it may come again, in seconds. */
export interface BurstRefusal {
  status: 429 | 503;
  retryAfterSeconds: number;
}

const { forms, formsOfBrowser, formsOfKnownBrowsers, formsOfAll, windowSeconds } = BURST_LIMITS;
const ofNetwork = makeNetworkLimiter(forms);
const ofNetworkInAll = makeNetworkLimiter(formsOfKnownBrowsers);
const ofBrowser = new RateLimiterMemory({ points: formsOfBrowser, duration: windowSeconds });

/** What is counted of a form. */
export interface ArrivingForm {
  /** The client's address. */
  ip: string;
  /** True where it has a password that is hashed for strangers. */
  isHashed: boolean;
  /** The token of a browser that has logged in here before; null for any other. */
  browser: string | null;
}

/** Where the password of a browser that has never logged in here is hashed. No one comes there by an emailed link. */
const HASHED_FOR_STRANGERS: string[] = [
  routes.login,
  routes.register,
  routes.correctEmail,
  "/api/auth/callback/credentials",
];

/** The action of the login page that hashes nothing: a passkey is the way in that no queue shuts. */
const HASHES_NOTHING = "passkeyLoginAction";

/**
 * Counts a form before its body is read; null when it may pass. Reading a form, counting its attempt and rendering the page
 * that refuses it takes a hundred times as long, and other pages wait meanwhile.
 *
 * A browser that has logged in here before passes when its network has sent too many or the hashing queue is full:
 * strangers do not keep it out. Then it is counted by itself, and all such browsers of a network together: anyone with an
 * account can get many such cookies. A full queue closes no other page to anybody: an owner on the way out, with a link that
 * locks the account or sets a new password, is often in a browser that is not known. Nor does it close the login to a passkey.
 *
 * @param ip the client's address
 */
export async function refuseBurst(request: IncomingMessage, ip: string): Promise<BurstRefusal | null> {
  const cookie = cookieOf(request, cookieNames.browser());
  const browser = cookie === null ? null : signedBrowserToken(cookie);
  const form = { ip, isHashed: isHashedForStrangers(request), browser };
  return primary()?.call<BurstRefusal | null>("countForm", form) ?? countForm(form);
}

/**
 * Where the header of a page's form names an action, Next runs that one and no other, whatever the body says. A route does not
 * look at it.
 */
function isHashedForStrangers({ url = "/", headers }: IncomingMessage): boolean {
  const action = headers[ACTION_HEADER];
  const name = typeof action === "string" ? knownActions()?.get(action) : undefined;
  const path = pathOf(url);
  const hashesNothing = path === routes.login && name === HASHES_NOTHING;
  return HASHED_FOR_STRANGERS.includes(path) && !hashesNothing;
}

/** Counts a form where the counts of the machine are: in the primary, or in the only process. */
export async function countForm({ ip, isHashed, browser }: ArrivingForm): Promise<BurstRefusal | null> {
  const tooMany =
    isHashed && hashQueue().isOverrun
      ? ({ status: 503, retryAfterSeconds: hashQueue().secondsToDrain } as const)
      : await ofNetwork(ip);
  if (!tooMany || browser === null) return tooMany;
  // Its own count first: what that refuses takes nothing from the others of its network.
  return (await consume(ofBrowser, browser)) ?? ofNetworkInAll(ip);
}

/** Counts a form for every network of an address, the narrowest first and for all networks last. */
function makeNetworkLimiter(points: number) {
  const limiters = new Map<number, RateLimiterMemory>();
  const ofAll = new RateLimiterMemory({ points: formsOfAll, duration: windowSeconds });
  return async (ip: string): Promise<BurstRefusal | null> => {
    for (const { network, times } of countedNetworks(ip)) {
      const limiter =
        limiters.get(times) ??
        new RateLimiterMemory({ points: points * Math.sqrt(times), duration: windowSeconds });
      limiters.set(times, limiter);
      const refused = await consume(limiter, network);
      if (refused) return refused; // what a narrow one refuses uses up nothing of the wider ones
    }
    const refused = await consume(ofAll, "all");
    return refused && { ...refused, status: 503 };
  };
}

async function consume(limiter: RateLimiterMemory, key: string): Promise<BurstRefusal | null> {
  try {
    await limiter.consume(key);
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
