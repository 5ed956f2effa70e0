import "server-only";
import { NextRequest } from "next/server";
import NextAuth from "next-auth";
import type { LoginOutcome } from "../accounts/login/admit";
import { env } from "../platform/env";
import { logError } from "../platform/log";
import { returnPath, routes, secondStepPathFor } from "../shared/routes";
import { cookieNames } from "../web/cookies";
import { retryAfterOf } from "../web/failures";
import { flash } from "../web/flash";
import { currentSession } from "./current-user";
import { logInByRequest, pathAfter } from "./log-in";
import { flashOf } from "./login-messages";
import { authConfig } from "./next-auth";
import { readSessionToken } from "./session-cookie";

const CREDENTIALS = "/api/auth/callback/credentials";

/** What the route answers where the password is right and the account has a second factor. */
const SECOND_FACTOR_NEEDED = "SecondFactorNeeded";

/** The next-auth routes that may be read. Its pages, its log-out and its providers' redirects are closed. */
const READABLE = new Set(["/api/auth/csrf", "/api/auth/session"]);

/** `GET /api/auth/csrf` and `/api/auth/session`, for scripts and programs. */
export async function readAuth(request: NextRequest): Promise<Response> {
  if (!READABLE.has(request.nextUrl.pathname)) return notFound();
  const asked = withoutCallbackUrl(asGet(request));
  if (request.nextUrl.pathname.endsWith("/session")) {
    await currentSession(); // next-auth answers "no session" when the database is down; this throws then
    const token = await readSessionToken();
    if (token !== null) asked.cookies.set(cookieNames.session(), token); // it may have come by a former name
  }
  const answer = await NextAuth(authConfig(null)).handlers.GET(asked);
  const ours = new Response(answer.body, answer);
  ours.headers.set("cache-control", "no-store");
  // Reading the session sets no cookie: it would make a browser session outlive its browser.
  const lines = answer.headers.getSetCookie().filter((line) => line.startsWith(`${cookieNames.csrf()}=`));
  ours.headers.delete("set-cookie");
  for (const line of lines) ours.headers.append("set-cookie", line);
  return ours;
}

/** Next answers HEAD by the handler of GET, and next-auth knows no HEAD. */
function asGet(request: NextRequest): NextRequest {
  return request.method === "HEAD" ? new NextRequest(request, { method: "GET" }) : request;
}

/** `POST /api/auth/callback/credentials`: a login with the same rules and cookies as the form (ASVS v5.0.0-6.3.4). */
export async function postCredentials(request: NextRequest): Promise<Response> {
  if (request.nextUrl.pathname !== CREDENTIALS) return notFound();
  const wanted = await request.clone().formData();
  try {
    const outcome = await logInByRequest(withoutCallbackUrl(request));
    return await answerTo(outcome, {
      path: returnPath(wanted.get("callbackUrl")),
      isScript: request.headers.has("x-auth-return-redirect"),
    });
  } catch (error) {
    const retryAfterSeconds = retryAfterOf(error);
    if (retryAfterSeconds === null) throw error;
    logError(error);
    return refusal(503, "unavailable", retryAfterSeconds);
  }
}

interface Wanted {
  /** Where to go after the login. */
  path: string;
  /** True for next-auth's own script, which reads an address instead of following it. */
  isScript: boolean;
}

async function answerTo(outcome: LoginOutcome | null, { path, isScript }: Wanted): Promise<Response> {
  if (outcome?.ok) {
    const to = pathAfter(outcome, path);
    return isScript ? Response.json({ url: env().publicUrl.origin + to }) : seeOther(to);
  }
  if (outcome?.reason === "second-factor") return secondStep(path, isScript);
  if (outcome?.reason === "throttled") return refusal(429, "throttled", outcome.retryAfterSeconds);
  if (isScript)
    return Response.json({ url: `${env().publicUrl.origin}${routes.login}?error=CredentialsSignin` });
  if (outcome) await flash(flashOf(outcome));
  return seeOther(routes.login);
}

/**
 * Nothing is open yet: the page that this names asks for the second factor. A script reads why
 * in the address, as next-auth's does.
 */
function secondStep(path: string, isScript: boolean): Response {
  const to = secondStepPathFor(path);
  if (!isScript) return seeOther(to);
  const url = new URL(to, env().publicUrl);
  url.searchParams.set("error", SECOND_FACTOR_NEEDED);
  return Response.json({ url: url.href }, { headers: { "cache-control": "no-store" } });
}

function seeOther(path: string): Response {
  return new Response(null, { status: 303, headers: { location: path, "cache-control": "no-store" } });
}

function refusal(status: 429 | 503, error: string, retryAfterSeconds: number): Response {
  const headers = { "cache-control": "no-store", "retry-after": String(retryAfterSeconds) };
  return Response.json({ error }, { status, headers });
}

function notFound(): Response {
  return Response.json({ error: "not found" }, { status: 404, headers: { "cache-control": "no-store" } });
}

/**
 * The same request without a callback URL in its address: next-auth takes a malformed one for a fault of its configuration
 * and answers 500. Only the one in the form counts.
 */
function withoutCallbackUrl(request: NextRequest): NextRequest {
  return new NextRequest(new URL(request.nextUrl.pathname, request.nextUrl), request);
}
