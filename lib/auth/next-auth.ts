import "server-only";
import { cookies } from "next/headers";
import { AuthError, CredentialsSignin, type NextAuthConfig } from "next-auth";
import type {} from "next-auth/jwt";
import Credentials from "next-auth/providers/credentials";
import { authenticate } from "../accounts/login/admit";
import { env } from "../platform/env";
import { log, logError, logRefusedForm } from "../platform/log";
import { replyBroken, replyRetryAfter } from "../platform/request-context";
import { findSession, LIFETIME_MS, revokeSession } from "../security/sessions";
import { returnPath, routes } from "../shared/routes";
import { loginSchema } from "../shared/schemas";
import { cookieNames, cookieOptions, deviceOptions } from "../web/cookies";
import { noteUnavailable } from "../web/failures";
import { clientInfo } from "../web/request";
import { adapter } from "./adapter";

declare module "next-auth" {
  interface User {
    /** What makes this browser known to the account from now on. */
    deviceToken?: string;
    /** Answers the session's token; null when the password has been changed since it was compared. */
    openSession?: () => Promise<string | null>;
  }
}

declare module "next-auth/jwt" {
  interface JWT {
    /** What the session cookie holds; absent when it opens nothing. */
    opaqueToken?: string;
    /** The session's absolute end, as ISO 8601 has it; beside the token only when that was just read. */
    expiresAt?: string;
  }
}

/** Too many failures: next-auth passes it on as it passes on a wrong password. */
export class ThrottledLogin extends CredentialsSignin {
  override code = "throttled";

  constructor(readonly retryAfterSeconds: number) {
    super();
  }
}

/** The right password for an account whose address has to be confirmed first. */
export class UnverifiedLogin extends CredentialsSignin {
  override code = "unverified";
}

/**
 * next-auth's part of the house: it takes credentials at two doors (our form's action and its own callback route) and
 * carries our token in its session cookie. The session itself is a row in `lib/security/sessions.ts`: `encode` and `decode`
 * replace next-auth's self-contained tokens, which nobody could revoke (ASVS v5.0.0-7.4.1).
 */
export function authConfig(): NextAuthConfig {
  const { authSecret, publicUrl } = env();
  return {
    adapter: adapter(),
    secret: authSecret,
    trustHost: true, // the address comes from AUTH_URL, never from the Host header
    basePath: "/api/auth",
    pages: { signIn: routes.login, error: routes.login },
    session: { strategy: "jwt", maxAge: LIFETIME_MS.remembered / 1000 },
    cookies: {
      sessionToken: { name: cookieNames.session(), options: cookieOptions() },
      csrfToken: { name: cookieNames.csrf(), options: cookieOptions() },
      callbackUrl: { name: cookieNames.callbackUrl(), options: cookieOptions() },
    },
    providers: [
      Credentials({
        credentials: { email: {}, password: {}, remember: {} },
        async authorize(credentials) {
          const input = loginSchema.safeParse(credentials);
          if (!input.success) return null;
          const outcome = await authenticate(input.data, await clientInfo());
          if (outcome.ok)
            return {
              id: outcome.userId,
              deviceToken: outcome.deviceToken,
              openSession: () => outcome.openSession(input.data.remember),
            };
          if (outcome.reason === "refused") return null;
          if (outcome.reason === "unverified") throw new UnverifiedLogin();
          replyRetryAfter(outcome.retryAfterSeconds);
          throw new ThrottledLogin(outcome.retryAfterSeconds);
        },
      }),
    ],
    jwt: {
      encode: async ({ token }) => token?.opaqueToken ?? "",
      async decode({ token }) {
        const session = token ? await findSession(token) : null;
        return session && token
          ? {
              sub: session.user.id,
              name: session.user.username,
              email: session.user.email,
              opaqueToken: token,
              expiresAt: session.expiresAt.toISOString(),
            }
          : {};
      },
    },
    callbacks: {
      /** Opens the session at login, ending the one this browser held before; `null` is next-auth's quiet "nobody". */
      async jwt({ token, user }) {
        if (!user?.openSession) return token.opaqueToken ? token : null;
        const opaqueToken = await user.openSession();
        if (opaqueToken === null) throw new CredentialsSignin();
        const jar = await cookies();
        const previous = jar.get(cookieNames.session())?.value;
        if (previous) await revokeSession(previous);
        if (user.deviceToken) jar.set(cookieNames.device(), user.deviceToken, deviceOptions());
        return { ...token, opaqueToken };
      },
      session({ session, token }) {
        if (token.sub) session.user.id = token.sub;
        if (token.expiresAt) Object.assign(session, { expires: token.expiresAt }); // next-auth tells the longest there is
        return session;
      },
      /** Only ever a path of ours; next-auth's own rule lets `//host` through. */
      redirect({ url, baseUrl }) {
        const path = url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length) : url;
        return publicUrl.origin + (isLoginPath(path) ? path : returnPath(path));
      },
    },
    logger: {
      error(error) {
        const type = error instanceof AuthError ? error.type : null;
        if (type === "CredentialsSignin") return; // refused below, where the event is recorded
        if (type === "MissingCSRF") logRefusedForm(302, "The form carried no token of ours.");
        else markFault((error instanceof AuthError && error.cause?.err) || error); // our own code's errors come wrapped
      },
      warn(code) {
        log().warn(`next-auth: ${code}`);
      },
    },
  };
}

/** next-auth hides what it catches and answers as if the password were wrong, so the answer is marked here. */
function markFault(error: unknown): void {
  if (noteUnavailable(error)) return;
  logError(error);
  replyBroken();
}

function isLoginPath(path: string): boolean {
  return path === routes.login || path.startsWith(`${routes.login}?`);
}
