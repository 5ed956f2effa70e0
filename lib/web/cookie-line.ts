import "server-only";
import { NextResponse } from "next/server";

/**
 * A `Set-Cookie` line for {@link Reply}: a page that is only being read cannot use Next's own `cookies().set`. Under a
 * server that is not ours nobody sends it, so it carries courtesies and never safety.
 */
export function cookieLine(
  name: string,
  value: string,
  options: Parameters<NextResponse["cookies"]["set"]>[2],
): string {
  const carrier = new NextResponse(null);
  carrier.cookies.set(name, value, options);
  return carrier.headers.getSetCookie()[0] ?? "";
}
