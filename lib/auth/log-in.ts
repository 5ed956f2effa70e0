import "server-only";
import type { NextRequest } from "next/server";
import NextAuth, { AuthError } from "next-auth";
import { logOut as endSession } from "../accounts/log-out";
import type { LoginOutcome } from "../accounts/login/admit";
import { keepAccountPathFor } from "../shared/routes";
import type { LoginInput } from "../shared/schemas";
import { cookieNames, expiredOptions } from "../web/cookies";
import { clientInfo } from "../web/request";
import { setCookie } from "../web/set-cookie";
import { keepLogin } from "./keep-login";
import { authConfig, type LoginCall } from "./next-auth";
import { clearSessionCookie, findFormerTokens, readOwnToken, readSessionToken } from "./session-cookie";
import { clearPendingLogin } from "./two-factor/pending-login";

/**
 * Logs in with email and password through next-auth's Credentials provider, and sets the cookies. A refusal does not tell
 * which of the two was wrong. For actions.
 */
export async function logIn({ email, password, remember }: LoginInput): Promise<LoginOutcome> {
  const call = await newCall();
  const { signIn } = NextAuth(authConfig(call));
  try {
    await signIn("credentials", {
      email,
      password,
      remember: remember ? "on" : "",
      redirect: false,
      redirectTo: "/",
    });
  } catch (error) {
    if (!(error instanceof AuthError)) throw error; // next-auth's own refusals say less than the outcome
  }
  const outcome = await finish(call);
  // next-auth does not throw on faults of its own configuration, so only the outcome counts.
  if (outcome === null) throw new Error("next-auth did not ask the Credentials provider");
  return outcome;
}

/**
 * The same for a form that was posted to the credentials route.
 * @returns null when next-auth refused the form unread, because its CSRF token was missing or wrong
 */
export async function logInByRequest(request: NextRequest): Promise<LoginOutcome | null> {
  const call = await newCall();
  await NextAuth(authConfig(call)).handlers.POST(request);
  return finish(call);
}

/** Where a login leads to: to `path`, and of an account that is to be deleted first to the page that asks whether to keep it. */
export function pathAfter({ isLeaving }: Extract<LoginOutcome, { ok: true }>, path: string): string {
  return isLeaving ? keepAccountPathFor(path) : path;
}

/**
 * Ends this browser's session on the server, by whatever name, then makes the browser forget it,
 * and a login that waits. For actions and routes.
 */
export async function logOut(): Promise<void> {
  const [own, former, client] = await Promise.all([readOwnToken(), findFormerTokens(), clientInfo()]);
  for (const token of own === null ? former : [own, ...former]) await endSession(token, client);
  await clearSessionCookie();
  await clearPendingLogin();
}

async function newCall(): Promise<LoginCall> {
  const [client, previousSessionToken] = await Promise.all([clientInfo(), readSessionToken()]);
  return { client, previousSessionToken, outcome: null, fault: null };
}

/**
 * Sets the cookies of a login that succeeded, or waits for its second proof.
 * @throws what the login itself has thrown, which next-auth swallows
 */
async function finish({ outcome, fault }: LoginCall): Promise<LoginOutcome | null> {
  if (fault) throw fault.error;
  await setCookie(cookieNames.callbackUrl(), "", expiredOptions()); // next-auth sets it, and nothing reads it: the form has its own
  if (outcome) await keepLogin(outcome);
  return outcome;
}
