import { type NextRequest, NextResponse } from "next/server";
import { currentLeavingSession, currentUser } from "@/lib/auth";
import { keepTyped } from "@/lib/auth/kept-form";
import { clearSessionCookie } from "@/lib/auth/session-cookie";
import { keepAccountPathFor, loginPathFor, returnPath, visitorsPath } from "@/lib/shared/routes";
import { flash, keepFlash } from "@/lib/web/flash";

/**
 * Pages send a browser here whose session cookie no longer works: a page cannot clear a cookie, a route can. It goes on to
 * a visitors' page, or else to the login page. A session that is alive stays; of an account that is to be deleted it leads to
 * the page that asks whether to keep it.
 */
export async function GET(request: NextRequest): Promise<Response> {
  const wanted = request.nextUrl.searchParams.get("callbackUrl");
  if (await currentUser()) return leadTo(returnPath(wanted));
  if (await currentLeavingSession()) return leadTo(keepAccountPathFor(returnPath(wanted)));
  await clearSessionCookie();
  const page = visitorsPath(wanted);
  if (page !== null) {
    await keepFlash();
    return leadTo(page);
  }
  await flash("login-required");
  return leadTo(loginPathFor(returnPath(wanted)));
}

/**
 * The same for a form whose page has led here with a 307, which sends it on: its action is gone, and so is its session. What
 * was typed is on the page after the login.
 */
export async function POST(request: NextRequest): Promise<Response> {
  const form = await request.formData().catch(() => null);
  const page = request.nextUrl.searchParams.get("callbackUrl");
  if (form && page !== null && !(await currentUser())) await keepTyped(form, page);
  return GET(request);
}

/** Relative, so that it holds behind any proxy. */
function leadTo(path: string): NextResponse {
  return new NextResponse(null, { status: 303, headers: { location: path, "cache-control": "no-store" } });
}
