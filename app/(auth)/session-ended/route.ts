import { type NextRequest, NextResponse } from "next/server";
import { currentUser } from "@/lib/auth";
import { clearSessionCookie } from "@/lib/auth/session-cookie";
import { isVisitorsPath, loginPathFor, returnPath, routes } from "@/lib/shared/routes";
import { flash, keepFlash } from "@/lib/web/flash";

/**
 * Pages send a browser here whose session cookie no longer works: a page cannot clear a cookie, a route can. It goes on to
 * a visitors' page, or else to the login page. A session that is alive stays.
 */
export async function GET(request: NextRequest): Promise<Response> {
  const wanted = request.nextUrl.searchParams.get("callbackUrl");
  if (await currentUser()) return leadTo(returnPath(wanted));
  await clearSessionCookie();
  const visitorsPath = visitorsPathOf(wanted);
  if (visitorsPath) {
    await keepFlash();
    return leadTo(visitorsPath);
  }
  await flash("login-required");
  return leadTo(loginPathFor(returnPath(wanted)));
}

/** The way back to the login or registration page, rebuilt; null for every other address. */
function visitorsPathOf(wanted: string | null): string | null {
  if (!wanted?.startsWith("/") || !URL.canParse(wanted, "http://site.invalid")) return null;
  const { origin, pathname, searchParams } = new URL(wanted, "http://site.invalid");
  if (origin !== "http://site.invalid" || !isVisitorsPath(pathname)) return null;
  return pathname === routes.login ? loginPathFor(returnPath(searchParams.get("callbackUrl"))) : pathname;
}

/** Relative, so that it holds behind any proxy. */
function leadTo(path: string): NextResponse {
  return new NextResponse(null, { status: 303, headers: { location: path, "cache-control": "no-store" } });
}
