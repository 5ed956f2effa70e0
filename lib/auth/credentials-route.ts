import "server-only";
import { NextRequest, NextResponse } from "next/server";
import { env } from "../platform/env";
import { currentReply } from "../platform/request-context";
import { findSession } from "../security/sessions";
import type { NoticeKey } from "../shared/flash-messages";
import { routes } from "../shared/routes";
import { cookieNames, flashOptions, sessionOptions } from "../web/cookies";
import { handlers } from ".";
import { currentSession } from "./guards";

/** What of next-auth's public interface is open; its own pages, its log-out and its providers' redirects are not. */
const OPEN = new Set(["GET /api/auth/csrf", "GET /api/auth/session", "POST /api/auth/callback/credentials"]);

/**
 * next-auth's routes as this house opens them: the same rules, messages and cookies as the login form
 * (ASVS v5.0.0-6.3.4).
 */
export async function door(request: NextRequest): Promise<Response> {
  const { pathname } = request.nextUrl;
  if (!OPEN.has(`${request.method} ${pathname}`))
    return Response.json({ error: "not found" }, { status: 404 });

  // next-auth takes an unreachable database for "nobody" and clears the cookie; asking first lets that throw.
  if (pathname.endsWith("/session")) await currentSession();

  const plain = withoutWayBack(request);
  const answer = await (request.method === "GET" ? handlers.GET(plain) : handlers.POST(plain));
  const failed = currentReply()?.status;
  if (failed) return new Response(null, { status: failed }); // the server has the words for it
  const isThrottled = currentReply()?.retryAfterSeconds !== undefined;
  if (isThrottled) return Response.json({ error: "throttled" }, { status: 429 });
  return onOurTerms(answer, pathname);
}

/**
 * The same request without a way back in its address and cookies: next-auth takes one that is no URL for a fault of its
 * configuration, and answers 500. The one that counts is in the form.
 */
function withoutWayBack(request: NextRequest): NextRequest {
  const plain = new NextRequest(new URL(request.nextUrl.pathname, request.nextUrl), request);
  plain.cookies.delete(cookieNames.callbackUrl());
  return plain;
}

/** The same answer with redirects as paths, a refused login as our notice, and the session cookie as its row has it. */
async function onOurTerms(answer: Response, pathname: string): Promise<Response> {
  const ours = new NextResponse(answer.body, answer);
  ours.headers.delete("set-cookie");
  ours.headers.set("cache-control", "no-store");
  for (const line of answer.headers.getSetCookie()) {
    const token = sessionTokenOf(line);
    if (token === null) ours.headers.append("set-cookie", line);
    else if (pathname.endsWith("/callback/credentials")) {
      const session = await findSession(token);
      if (session) ours.cookies.set(cookieNames.session(), token, sessionOptions(session));
    }
    // Reading the session sets no cookie: it would make a browser session outlive its browser.
  }

  const location = answer.headers.get("location");
  if (location !== null && URL.canParse(location, env().publicUrl)) {
    const to = new URL(location, env().publicUrl);
    const isRefused = to.searchParams.has("error");
    ours.headers.set("location", isRefused ? routes.login : to.pathname + to.search + to.hash);
    if (isRefused) ours.cookies.set(cookieNames.flash(), "login-failed" satisfies NoticeKey, flashOptions());
  }
  return ours;
}

/** The token in a `Set-Cookie` line of the session cookie; null for other cookies and for one being cleared. */
function sessionTokenOf(line: string): string | null {
  const prefix = `${cookieNames.session()}=`;
  if (!line.startsWith(prefix)) return null;
  return line.slice(prefix.length).split(";", 1)[0] || null;
}
