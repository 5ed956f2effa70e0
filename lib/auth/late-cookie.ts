import "server-only";
import { NextResponse } from "next/server";
import { currentReply } from "../reply";

/**
 * Sets a cookie while a page is only being read, where Next's own `cookies().set` throws: the server adds it to the
 * answer on its way out. Under a server that is not ours nothing happens, so it carries courtesies and never safety.
 */
export function setCookieLate(
  name: string,
  value: string,
  options: Parameters<NextResponse["cookies"]["set"]>[2],
): void {
  const carrier = new NextResponse(null);
  carrier.cookies.set(name, value, options);
  currentReply()?.setCookies.push(...carrier.headers.getSetCookie());
}
