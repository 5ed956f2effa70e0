import { randomBytes } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import type { NoticeKey } from "@/lib/shared/flash-messages";
import { isPrivatePath, loginPathFor, mailedToken } from "@/lib/shared/routes";
import { cookieNames, flashOptions, linkOptions } from "@/lib/web/cookies";
import { contentSecurityPolicy } from "@/lib/web/csp";
import { PAGE_PATH } from "@/lib/web/internal-headers";

/**
 * A courtesy, never the guard: someone without any session cookie is led to the login page before a private page is
 * rendered, a mailed link's secret goes from the address into a cookie, and every page gets its own nonce.
 */
export default function middleware(request: NextRequest): NextResponse {
  if (isPrivatePath(request.nextUrl.pathname) && !request.cookies.has(cookieNames.session())) {
    // 303 turns a form posted without a session into a plain visit of the login page.
    const status = request.method === "GET" || request.method === "HEAD" ? 307 : 303;
    const path = request.headers.get(PAGE_PATH) ?? request.nextUrl.pathname + request.nextUrl.search;
    const answer = NextResponse.redirect(new URL(loginPathFor(path), request.nextUrl), status);
    answer.headers.set("cache-control", "no-store");
    answer.cookies.set(cookieNames.flash(), "login-required" satisfies NoticeKey, flashOptions());
    return answer;
  }

  const token = mailedToken(request.nextUrl);
  if (token !== null) {
    // Before any page is made: no history, no Referer and no bookmark has it, and nothing on the server has changed.
    const answer = NextResponse.redirect(new URL(request.nextUrl.pathname, request.nextUrl), 303);
    answer.headers.set("cache-control", "no-store");
    answer.headers.set("referrer-policy", "no-referrer");
    answer.cookies.set(cookieNames.link(request.nextUrl.pathname), token, linkOptions());
    return answer;
  }

  const inner = new Headers(request.headers);
  const policy = contentSecurityPolicy(randomBytes(16).toString("base64"));
  inner.set("content-security-policy", policy); // where Next finds the nonce for its own scripts

  const answer = NextResponse.next({ request: { headers: inner } });
  answer.headers.set("content-security-policy", policy);
  return answer;
}

export const config = {
  runtime: "nodejs",
  matcher: ["/((?!_next/static|_next/image|favicon.ico|icon.svg|apple-icon.png).*)"],
};
