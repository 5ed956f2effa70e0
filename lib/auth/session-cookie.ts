import "server-only";
import { cookies } from "next/headers";
import { logError } from "../platform/log";
import { findLiveTokens, type OpenedSession } from "../security/sessions";
import { signBrowserToken } from "../web/browser-cookie";
import { browserOptions, cookieNames, expiredOptions, otherCookies, sessionOptions } from "../web/cookies";
import { setCookie } from "../web/set-cookie";
import { dropTypedOfOthers } from "./kept-form";

/**
 * The token of this browser's session; null when it has none. The one in the cookie of the present name is not yet checked.
 * Without that cookie it is one by a former name that the database knows: it goes on until it ends, and the next login sets
 * the present name. A cookie by a former name is never set or cleared: another installation on this host may go by it.
 */
export async function readSessionToken(): Promise<string | null> {
  return (await readOwnToken()) ?? (await findFormerTokens())[0] ?? null;
}

/** The token in the cookie of the present name, not yet checked; null when there is none. Asks no database. */
export async function readOwnToken(): Promise<string | null> {
  return (await cookies()).get(cookieNames.session())?.value || null;
}

/** The tokens that open sessions here by cookies of former names. */
export async function findFormerTokens(): Promise<string[]> {
  const former = otherCookies("session", (await cookies()).getAll());
  return findLiveTokens(former.map(({ value }) => value));
}

/**
 * Gives this browser its session, and the cookie by which the account knows it again; what other people have typed there is
 * kept no longer. The one place that sets the session cookie. For actions and routes.
 */
export async function writeSessionCookie(session: OpenedSession, browserToken: string): Promise<void> {
  await setCookie(cookieNames.session(), session.token, sessionOptions(session));
  await setCookie(cookieNames.browser(), signBrowserToken(browserToken), browserOptions());
  await forgetArrivals();
  await dropTypedOfOthers({ id: session.userId }).catch(logError);
}

/** Makes this browser forget its session. For actions and routes. */
export async function clearSessionCookie(): Promise<void> {
  await setCookie(cookieNames.session(), "", expiredOptions());
  await forgetArrivals();
}

/** Whoever has come here from a provider is one person: what that lets this browser do ends with a login and a log-out. */
async function forgetArrivals(): Promise<void> {
  const jar = await cookies();
  for (const name of [cookieNames.arrival(), cookieNames.voucher()])
    if (jar.get(name)) await setCookie(name, "", expiredOptions());
}
