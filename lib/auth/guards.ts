import "server-only";
import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import { currentReply } from "../platform/request-context";
import { record } from "../security/audit";
import { findSession, type LiveSession, type SessionUser } from "../security/sessions";
import type { NoticeKey } from "../shared/flash-messages";
import { loginPathFor, returnPath, routes } from "../shared/routes";
import { isAnsweringForm } from "../web/action";
import { cookieLine } from "../web/cookie-line";
import { cookieNames, expiredOptions, flashOptions } from "../web/cookies";
import { PAGE_PATH } from "../web/internal-headers";
import { clientInfo } from "../web/request";

/**
 * The live session of this request, asked for once; null for a visitor. A cookie that opens nothing is cleared.
 *
 * Not next-auth's `auth()`: that answers "no session" when the database cannot be reached, and would log people out.
 */
export const currentSession = cache(async (): Promise<LiveSession | null> => {
  const name = cookieNames.session();
  const token = (await cookies()).get(name)?.value;
  if (!token) return null;
  const session = await findSession(token, async (userId) =>
    record("session-expired", { userId }, await clientInfo()),
  );
  if (!session) currentReply()?.setCookies.push(cookieLine(name, "", expiredOptions()));
  return session;
});

/** Who is logged in; null for a visitor. */
export async function currentUser(): Promise<SessionUser | null> {
  return (await currentSession())?.user ?? null;
}

/**
 * Who is logged in; anyone else goes to the login page and comes back here afterwards. Every private page, action and
 * route begins with this, whatever the middleware did (ASVS v5.0.0-8.3.1).
 */
export async function requireUser(): Promise<SessionUser> {
  const user = await currentUser();
  if (user) return user;
  // Behind an action Next renders the page again: after logging out from a private one, the action's own notice stands.
  if (!(await isAnsweringForm()))
    currentReply()?.setCookies.push(
      cookieLine(cookieNames.flash(), "login-required" satisfies NoticeKey, flashOptions()),
    );
  redirect(loginPathFor(await askedPath()));
}

/** Path and query of the page asked for; home where that is none of ours. */
export async function askedPath(): Promise<string> {
  return returnPath((await headers()).get(PAGE_PATH));
}

/** Sends someone who is logged in home, away from pages that are for visitors. */
export async function redirectIfLoggedIn(): Promise<void> {
  // Next renders the form's page again behind an action; the action that logged them in says where they go.
  if (await isAnsweringForm()) return;
  if (await currentUser()) redirect(routes.home);
}
