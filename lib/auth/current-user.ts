import "server-only";
import { redirect } from "next/navigation";
import { cache } from "react";
import { resumeSession } from "../accounts/sessions";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { logError } from "../platform/log";
import { adoptBrowser } from "../security/known-browsers";
import {
  findLeavingSession,
  type LeavingSession,
  type LiveSession,
  type SessionUser,
} from "../security/sessions";
import { loginPathFor, picturePathFor, routes, sessionEndedPathFor } from "../shared/routes";
import { browserTokenFor } from "../web/browser-cookie";
import { isFlashKept } from "../web/flash";
import { adoptsBrowser, clientInfo, isAnsweringForm, requestedPath, returnablePath } from "../web/request";
import { readOwnToken, readSessionToken } from "./session-cookie";

/**
 * The live session of this request; null for a visitor. While a page is made it is asked for once; an action or a route that
 * asks again gets a new answer, so it hands the session on.
 *
 * Not next-auth's `auth()`: that answers "no session" when the database cannot be reached, and would log people out.
 */
export const currentSession = cache(async (): Promise<LiveSession | null> => {
  const token = await readSessionToken();
  if (token === null) return null;
  const session = await resumeSession(token, await clientInfo());
  if (session && (await adoptsBrowser())) await adoptBrowser(token, browserTokenFor(token)).catch(logError);
  return session;
});

/**
 * The session of somebody who has logged in to an account that is to be deleted, and has not said yet whether to keep it; null
 * for everyone else. To all other pages, actions and routes they are a visitor.
 */
export const currentLeavingSession = cache(async (): Promise<LeavingSession | null> => {
  const token = await readOwnToken();
  return token === null ? null : findLeavingSession(token);
});

/** Who is logged in; null for a visitor. */
export async function currentUser(): Promise<SessionUser | null> {
  return (await currentSession())?.user ?? null;
}

/** The address of somebody's picture; null: they have none. */
export function picturePathOf({ pictureHash }: SessionUser): string | null {
  return pictureHash && picturePathFor(pictureHash);
}

/**
 * Who is logged in; a visitor is sent to the login page and comes back here afterwards. Every private page, action and
 * route begins with this, whatever the middleware did (ASVS v5.0.0-8.3.1).
 */
export async function requireUser(): Promise<SessionUser> {
  return (await requireSession()).user;
}

/** The same, for a page that shows the session too. */
export async function requireSession(): Promise<LiveSession> {
  const session = await currentSession();
  if (session) return session;
  const path = await returnablePath();
  // As part of a form's answer, which has logged out: the message of that is on its way, and no other may take its place.
  redirect((await isAnsweringForm()) ? loginPathFor(path) : sessionEndedPathFor(path));
}

/** Redirects someone who is logged in from a visitors' page to the home page. */
export async function redirectIfLoggedIn(): Promise<void> {
  // Next renders the page again as part of its form's answer; the action that logged them in says where they go.
  if (await isAnsweringForm()) return;
  const hasCookie = (await readOwnToken()) !== null;
  const user = await currentUser().catch((error: unknown) => {
    if (hasCookie || !isDatabaseUnavailable(error)) throw error;
    return null; // a cookie of a former name may be a neighbour's, who is a visitor here
  });
  if (user) redirect(routes.home);
  // A page cannot clear a cookie that no longer works, and the flash message waits for a browser without it.
  if (hasCookie && !(await isFlashKept())) redirect(sessionEndedPathFor(await requestedPath()));
}
