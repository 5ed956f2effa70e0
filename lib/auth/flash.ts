import "server-only";
import { cookies, headers } from "next/headers";
import { isNoticeKey, type NoticeKey } from "../notices";
import { cookieNames, flashOptions } from "./cookies";
import { FLASH } from "./headers";

/** Leaves a notice for the next page. For actions and routes; a page that is only being read cannot. */
export async function flash(notice: NoticeKey): Promise<void> {
  (await cookies()).set(cookieNames.flash(), notice, flashOptions());
}

/** The notice to show on this page; null when there is none. The middleware has taken it out of the cookie already. */
export async function shownFlash(): Promise<NoticeKey | null> {
  const notice = (await headers()).get(FLASH);
  return notice !== null && isNoticeKey(notice) ? notice : null;
}
