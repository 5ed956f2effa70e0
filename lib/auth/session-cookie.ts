import "server-only";
import { cookies } from "next/headers";
import type { OpenedSession } from "../security/sessions";
import { signBrowserToken } from "../web/browser-cookie";
import { browserOptions, cookieNames, expiredOptions, sessionOptions } from "../web/cookies";

/** The token in this browser's session cookie, not yet checked; null when there is none. */
export async function readSessionToken(): Promise<string | null> {
  return (await cookies()).get(cookieNames.session())?.value || null;
}

/**
 * Gives this browser its session, and the cookie by which the account knows it again. The one place that sets the session
 * cookie. For actions and routes.
 */
export async function writeSessionCookie(session: OpenedSession, browserToken: string): Promise<void> {
  const jar = await cookies();
  jar.set(cookieNames.session(), session.token, sessionOptions(session));
  jar.set(cookieNames.browser(), signBrowserToken(browserToken), browserOptions());
}

/** Makes this browser forget its session. For actions and routes. */
export async function clearSessionCookie(): Promise<void> {
  (await cookies()).set(cookieNames.session(), "", expiredOptions());
}
