import "server-only";
import { cookies, headers } from "next/headers";
import { type FlashKey, isFlashKey } from "../shared/flash-messages";
import { cookieNames, flashOptions } from "./cookies";
import { readPageRequest } from "./internal-headers";

/** Leaves a flash message for the next page. For actions and routes. */
export async function flash(key: FlashKey): Promise<void> {
  (await cookies()).set(cookieNames.flash(), key, flashOptions());
}

/** The flash message this page shows; null when there is none. The middleware has taken it out of the browser. */
export async function shownFlash(): Promise<FlashKey | null> {
  const key = readPageRequest(await headers())?.flash ?? null;
  return key !== null && isFlashKey(key) ? key : null;
}
