import { randomUUID } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { hasTokenShape } from "@/lib/platform/crypto/token";
import { env } from "@/lib/platform/env";
import { logRefusedForm } from "@/lib/platform/log";
import { currentRequestContext, withRequestContext } from "@/lib/platform/request-context";
import type { TypedValues } from "@/lib/shared/action-state";
import type { FlashKey } from "@/lib/shared/flash-messages";
import { readLinkToken } from "@/lib/shared/links";
import {
  isPicturePath,
  isPrivatePath,
  isRoute,
  isVisitorsPath,
  loginPathFor,
  routes,
  sessionEndedPathFor,
} from "@/lib/shared/routes";
import { isBodyTooLarge } from "@/lib/web/body-size";
import { browserTokenFor } from "@/lib/web/browser-cookie";
import {
  browserOptions,
  cookieNames,
  expiredOptions,
  flashOptions,
  linkOptions,
  otherCookies,
} from "@/lib/web/cookies";
import { contentSecurityPolicy, newNonce } from "@/lib/web/csp";
import { isDocumentLoad, pathAsSent } from "@/lib/web/document-load";
import { isKept } from "@/lib/web/flash-cookie";
import { cleanHeaders } from "@/lib/web/forwarded-headers";
import { strictTransportSecurity } from "@/lib/web/hsts";
import { ACTION_HEADER, ACTION_NOT_FOUND, ANSWER_STATUS, writePageRequest } from "@/lib/web/internal-headers";
import { INCOMPLETE_LINK, LINK_FIELD, linkIdOf } from "@/lib/web/link-id";
import { asksOutdatedAction, findFormAction, readOutdatedForm } from "@/lib/web/outdated-form";
import { formMaxBytes, REFUSALS, refusal } from "@/lib/web/request-filter";
import { SCRIPTLESS_POLICY } from "@/lib/web/security-headers.mjs";

/** Emailed links that one browser can have open besides the newest. Browsers send the oldest cookie first. */
const OPEN_LINKS_MAX = 4;

/**
 * What every request needs under any server: refusals, the nonce, the flash message, and moving an emailed link's secret out
 * of the address. It looks at cookies and never decides who is asking: every page, action and route does that itself.
 */
export default async function middleware(request: NextRequest): Promise<NextResponse> {
  const requestId = currentRequestContext()?.requestId ?? randomUUID();
  const answer =
    (await refuse(request)) ??
    refuseOutdatedAction(request, requestId) ??
    (await redirectToLogin(request)) ??
    openLink(request) ??
    showPage(request, requestId, isRoute(request.nextUrl.pathname) ? null : await readOutdatedForm(request));
  answer.headers.set("x-request-id", requestId);
  const hsts = strictTransportSecurity(env());
  if (hsts !== null) answer.headers.set("strict-transport-security", hsts);
  return answer;
}

async function refuse(request: NextRequest): Promise<NextResponse | null> {
  const { method, headers, nextUrl } = request;
  const url = nextUrl.pathname + nextUrl.search;
  const filtered = { method, url, header: (name: string) => headers.get(name) };
  const status =
    refusal(filtered, env().publicUrl) ?? ((await isBodyTooLarge(request, formMaxBytes(url))) ? 413 : null);
  if (status === null) return null;
  return plain(new NextResponse(`${REFUSALS[status]}\n`, { status }));
}

/** Tells a page's script that the page is older than this build; the script then opens it anew (`use-server-action.ts`). */
function refuseOutdatedAction(request: NextRequest, requestId: string): NextResponse | null {
  if (!asksOutdatedAction(request)) return null;
  noteOutdated(request, requestId);
  return plain(new NextResponse("", { status: 409, headers: { [ACTION_NOT_FOUND]: "1" } }));
}

function noteOutdated({ method, nextUrl }: NextRequest, requestId: string): void {
  const context = currentRequestContext() ?? { requestId, ip: null, method, path: nextUrl.pathname };
  withRequestContext(context, () => logRefusedForm(409, "The page was made by another build."));
}

/**
 * Sends a browser without a session cookie to the login page before a private page is made. No guard: the page is one. A form
 * gets its action's answer: that keeps what was typed, and the script of a page could not follow a redirect.
 */
async function redirectToLogin(request: NextRequest): Promise<NextResponse | null> {
  const { pathname } = request.nextUrl;
  if (!isPrivatePath(pathname) || isPicturePath(pathname) || mayHaveSession(request)) return null;
  if (request.method === "POST" && request.headers.has(ACTION_HEADER)) return null;
  const action = await findFormAction(request);
  if (action === "here") return null;
  // 307 sends the form on to a route that keeps what was typed.
  if (action === "gone")
    return plain(
      NextResponse.redirect(new URL(sessionEndedPathFor(pathAsSent(request)), request.nextUrl), 307),
    );
  // 303 turns a form posted without a session into a plain visit of the login page.
  const status = request.method === "GET" || request.method === "HEAD" ? 307 : 303;
  const to = new URL(loginPathFor(pathAsSent(request)), request.nextUrl);
  const answer = plain(NextResponse.redirect(to, status));
  answer.cookies.set(cookieNames.flash(), "login-required" satisfies FlashKey, flashOptions());
  return answer;
}

/** True with a cookie of a former name too, or a neighbour's: only the database can tell the two apart. */
function mayHaveSession({ cookies }: NextRequest): boolean {
  return cookies.has(cookieNames.session()) || otherCookies("session", cookies.getAll()).length > 0;
}

/** Moves an emailed link's secret from the address into a cookie, before any page is made, so that no history or Referer has it. */
function openLink(request: NextRequest): NextResponse | null {
  const token = readLinkToken(request.nextUrl);
  if (token === null) return null;
  const isWhole = hasTokenShape(token);
  const id = isWhole ? linkIdOf(token) : INCOMPLETE_LINK;
  const to = new URL(
    `${request.nextUrl.pathname}?${new URLSearchParams({ [LINK_FIELD]: id })}`,
    request.nextUrl,
  );
  const answer = plain(NextResponse.redirect(to, 303));
  answer.headers.set("referrer-policy", "no-referrer");
  if (!isWhole) return answer; // cut by a mail program, or none of ours: anyone can write such a link, of any length
  for (const name of surplusLinks(request)) answer.cookies.set(name, "", expiredOptions());
  answer.cookies.set(cookieNames.link(id), token, linkOptions());
  return answer;
}

/** The oldest link cookies above the limit: hundreds of links would make every request of this browser too large. */
function surplusLinks(request: NextRequest): string[] {
  const names = request.cookies.getAll().map(({ name }) => name);
  return names.filter((name) => name.startsWith(cookieNames.link(""))).slice(0, -OPEN_LINKS_MAX);
}

/** @param typed what was sent to an action that this build does not have: the page shows it again, and why */
function showPage(request: NextRequest, requestId: string, typed: TypedValues | null): NextResponse {
  const waiting = request.cookies.get(cookieNames.flash())?.value ?? null;
  const flash = showsFlash(request, waiting) ? waiting : null;
  const policy = contentSecurityPolicy(newNonce());
  const inner = cleanHeaders(request.headers, env().publicUrl);
  inner.set("content-security-policy", policy); // where Next finds the nonce for its own scripts
  const session = showsPage(request) ? sessionWithoutBrowser(request) : null;
  const codes = showsCodes(request) ? (request.cookies.get(cookieNames.shownCodes())?.value ?? null) : null;
  const shown = typed === null ? flash : ("page-outdated" satisfies FlashKey);
  const path = pathAsSent(request);
  writePageRequest(inner, {
    requestId,
    path,
    flash: shown,
    isShown: showsPage(request),
    adoptsBrowser: session !== null,
    typed,
    codes,
  });
  if (typed !== null) inner.delete("content-type"); // Next would look for the action, and answer without a page

  const answer = NextResponse.next({ request: { headers: inner } });
  // Not signed before the next login: nobody has looked yet whether there is such a session.
  if (session !== null) answer.cookies.set(cookieNames.browser(), browserTokenFor(session), browserOptions());
  answer.headers.set("content-security-policy", policy);
  if (typed !== null) {
    noteOutdated(request, requestId);
    answer.headers.set(ANSWER_STATUS, "409");
  }
  if (flash !== null) answer.cookies.set(cookieNames.flash(), "", expiredOptions());
  if (codes !== null) answer.cookies.set(cookieNames.shownCodes(), "", expiredOptions());
  return answer;
}

/** True for the page that shows recovery codes, once. */
function showsCodes(request: NextRequest): boolean {
  return showsPage(request) && request.nextUrl.pathname === routes.accountRecoveryCodes;
}

/** Where no page is shown, no cookie is set: what a route answers may be for a cache to keep. */
function showsPage(request: NextRequest): boolean {
  return isDocumentLoad(request) && !isRoute(request.nextUrl.pathname);
}

/**
 * True where the page asked for shows the flash message. One for visitors redirects someone logged in, and the
 * message waits for the page after it, once.
 */
function showsFlash(request: NextRequest, waiting: string | null): boolean {
  if (!showsPage(request)) return false;
  const redirects = isVisitorsPath(request.nextUrl.pathname) && request.cookies.has(cookieNames.session());
  return isKept(waiting) || !redirects;
}

/** The session token of a browser that has no known-browser cookie: it logged in before there were any. */
function sessionWithoutBrowser(request: NextRequest): string | null {
  const token = request.cookies.get(cookieNames.session())?.value ?? "";
  return hasTokenShape(token) && !request.cookies.has(cookieNames.browser()) ? token : null;
}

/** No script runs in it, and no cache keeps it. */
function plain(answer: NextResponse): NextResponse {
  answer.headers.set("content-security-policy", SCRIPTLESS_POLICY);
  answer.headers.set("cache-control", "no-store");
  if (!answer.headers.has("content-type")) answer.headers.set("content-type", "text/plain; charset=utf-8");
  return answer;
}

/**
 * Everything but files of the build, the form with a picture and the app's own routes below /api: Next copies bodies for the
 * middleware and cuts them at 10 MB. Such a route passes the middleware only when its request has cookies and looks foreign,
 * or forges our own header; the route requires its user itself. The form with a picture does only when it forges the header
 * or is no such form; its route asks where it comes from itself.
 */
export const config = {
  runtime: "nodejs",
  matcher: [
    "/((?!_next/static/|favicon\\.ico$|icon\\.svg$|apple-icon\\.png$|robots\\.txt$|api/|account/picture$).*)",
    {
      source: "/account/picture",
      missing: [{ type: "header", key: "content-type", value: "multipart/form-data.*" }],
    },
    { source: "/account/picture", has: [{ type: "header", key: "x-latchkey-request" }] },
    "/api/auth/:path*",
    "/api/health/:path*",
    { source: "/api/:path*", has: [{ type: "header", key: "x-latchkey-request" }] },
    {
      source: "/api/:path*",
      has: [
        { type: "header", key: "cookie" },
        { type: "header", key: "sec-fetch-site", value: "(?!(?:same-origin|none)$).*" },
      ],
    },
    {
      source: "/api/:path*",
      has: [
        { type: "header", key: "cookie" },
        { type: "header", key: "origin" },
      ],
      missing: [{ type: "header", key: "sec-fetch-site" }],
    },
  ],
};
