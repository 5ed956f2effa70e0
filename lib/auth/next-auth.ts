import "server-only";
import { AuthError, type NextAuthConfig } from "next-auth";
import type {} from "next-auth/jwt";
import Credentials from "next-auth/providers/credentials";
import type { LoginOutcome } from "../accounts/login/admit";
import { logInWithPassword } from "../accounts/login/log-in-with-password";
import type { ClientInfo } from "../platform/client-info";
import { env } from "../platform/env";
import { log, logError, logRefusedForm } from "../platform/log";
import { findSession, LIFETIME_MS } from "../security/sessions";
import { returnPath, routes } from "../shared/routes";
import { loginSchema } from "../shared/schemas";
import { cookieNames, cookieOptions } from "../web/cookies";
import { adapter } from "./adapter";

declare module "next-auth/jwt" {
  interface JWT {
    /** The token in the session cookie; absent when there is no such session. */
    sessionToken?: string;
    /** The session's absolute end, as ISO 8601 has it; beside the token only when that was just read. */
    expiresAt?: string;
  }
}

/** One login: what the Credentials provider needs to know, and where it leaves the outcome. */
export interface LoginCall {
  client: ClientInfo;
  /** The session this browser had, which the new one replaces; null when it had none. */
  previousSessionToken: string | null;
  /** Null until the provider has run. */
  outcome: LoginOutcome | null;
  /** An error of the provider; next-auth would answer as if the password were wrong. */
  fault: { error: unknown } | null;
}

/**
 * next-auth, as we use it: it passes credentials to `logInWithPassword`, and reads sessions for scripts. The session itself
 * is a row: `encode` and `decode` replace next-auth's self-contained tokens, which cannot be revoked
 * (ASVS v5.0.0-7.4.1), and its own session cookie never reaches the browser.
 * @param call the login this configuration is made for; null for reading
 */
export function authConfig(call: LoginCall | null): NextAuthConfig {
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
          if (!call) return null;
          try {
            call.outcome = await prove(credentials, call);
          } catch (error) {
            call.fault = { error };
          }
          return call.outcome?.ok ? { id: call.outcome.session.userId } : null;
        },
      }),
    ],
    jwt: {
      encode: async ({ token }) => token?.sessionToken ?? "",
      async decode({ token }) {
        const session = token ? await findSession(token) : null;
        if (!session || !token) return {};
        const { id, username, email } = session.user;
        const expiresAt = session.expiresAt.toISOString();
        return { sub: id, name: username, email, sessionToken: token, expiresAt };
      },
    },
    callbacks: {
      /** `null` tells next-auth, without an error, that there is no session. */
      jwt({ token }) {
        if (call?.outcome?.ok) return { ...token, sessionToken: call.outcome.session.token };
        return token.sessionToken ? token : null;
      },
      session({ session, token }) {
        if (token.sub) session.user.id = token.sub;
        if (token.expiresAt) Object.assign(session, { expires: token.expiresAt }); // next-auth would say the longest lifetime
        return session;
      },
      /** Only ever a path of ours; next-auth's own rule lets `//host` through. */
      redirect: ({ url, baseUrl }) =>
        publicUrl.origin + returnPath(url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length) : url),
    },
    logger: {
      error(error) {
        const type = error instanceof AuthError ? error.type : null;
        if (type === "CredentialsSignin") return; // the login itself has recorded it
        if (type === "MissingCSRF") logRefusedForm(303, "The form has no valid CSRF token.");
        else logError((error instanceof AuthError && error.cause?.err) || error); // our own code's errors come wrapped
      },
      warn(code) {
        log().warn(`next-auth: ${code}`);
      },
    },
  };
}

async function prove(
  credentials: Partial<Record<string, unknown>>,
  { client, previousSessionToken }: LoginCall,
): Promise<LoginOutcome> {
  const input = loginSchema.safeParse(credentials);
  if (!input.success) return { ok: false, reason: "refused" };
  return logInWithPassword({ ...input.data, previousSessionToken }, client);
}
