import "server-only";
import { cookies } from "next/headers";
import NextAuth, { AuthError, CredentialsSignin } from "next-auth";
import { record } from "../security/audit";
import { findSession, revokeSession } from "../security/sessions";
import type { LoginInput } from "../shared/schemas";
import { cookieNames, expiredOptions, sessionOptions } from "../web/cookies";
import { clientInfo } from "../web/request";
import { currentSession } from "./guards";
import { authConfig, ThrottledLogin, UnverifiedLogin } from "./next-auth";

/** The one place that knows next-auth. Built on demand: its configuration needs the environment of a running server. */
export const { handlers, signIn } = NextAuth(authConfig);

export type LogInOutcome =
  | { ok: true }
  | { ok: false; reason: "refused" }
  | { ok: false; reason: "unverified" }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

/**
 * Logs in with email and password and sets the session cookie. Refused when the two do not open an account; which half
 * was wrong is not told. For actions and routes.
 */
export async function logIn({ email, password, remember }: LoginInput): Promise<LogInOutcome> {
  try {
    await signIn("credentials", {
      email,
      password,
      remember: remember ? "on" : "",
      redirect: false,
      redirectTo: "/",
    });
  } catch (error) {
    if (error instanceof ThrottledLogin)
      return { ok: false, reason: "throttled", retryAfterSeconds: error.retryAfterSeconds };
    if (error instanceof UnverifiedLogin) return { ok: false, reason: "unverified" };
    if (error instanceof CredentialsSignin) return { ok: false, reason: "refused" };
    throw causeOf(error);
  }
  const jar = await cookies();
  const token = jar.get(cookieNames.session())?.value;
  const session = token ? await findSession(token) : null;
  // next-auth does not throw on faults of its own configuration, so believe the row and nothing else.
  if (!token || !session) throw new Error("next-auth reported a login, but its cookie opens no session");
  jar.set(cookieNames.session(), token, sessionOptions(session)); // next-auth always writes an Expires
  jar.set(cookieNames.callbackUrl(), "", expiredOptions()); // nobody reads it: the form carries its own
  return { ok: true };
}

/** Ends this browser's session on the server, then makes the browser forget it. For actions and routes. */
export async function logOut(): Promise<void> {
  const jar = await cookies();
  const token = jar.get(cookieNames.session())?.value;
  const session = await currentSession();
  if (token) await revokeSession(token);
  if (session) await record("logout", { userId: session.user.id }, await clientInfo());
  jar.set(cookieNames.session(), "", expiredOptions());
}

/** What really happened inside next-auth, which wraps errors thrown by our own code in its own. */
function causeOf(error: unknown): unknown {
  return error instanceof AuthError && error.cause?.err ? error.cause.err : error;
}
