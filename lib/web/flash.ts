import "server-only";
import { cookies } from "next/headers";
import { currentReply } from "../platform/request-context";
import { isNoticeKey, type NoticeKey } from "../shared/flash-messages";
import { cookieLine } from "./cookie-line";
import { cookieNames, expiredOptions, flashOptions } from "./cookies";

/** Leaves a notice for the next page. For actions and routes; a page that is only being read cannot. */
export async function flash(notice: NoticeKey): Promise<void> {
  (await cookies()).set(cookieNames.flash(), notice, flashOptions());
}

/**
 * The notice to show on this page; null when there is none. Showing takes it out of the browser, unless the page turns
 * out to be a redirect: then the page it leads to shows it.
 */
export async function shownFlash(): Promise<NoticeKey | null> {
  const reply = currentReply();
  const name = cookieNames.flash();
  const notice = (await cookies()).get(name)?.value;
  if (notice === undefined || !reply?.isPageLoad) return null;
  reply.pageCookies.push(cookieLine(name, "", expiredOptions()));
  return isNoticeKey(notice) ? notice : null;
}
