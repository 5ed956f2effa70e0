import "server-only";
import { cookies, headers } from "next/headers";
import type { FlashKey } from "../shared/flash-messages";
import { cookieNames, flashOptions } from "./cookies";
import { flashIn, isKept, keptFlash } from "./flash-cookie";
import { readPageRequest } from "./internal-headers";
import { setCookie } from "./set-cookie";

/** Leaves a flash message for the next page. For actions and routes. */
export async function flash(key: FlashKey): Promise<void> {
  await setCookie(cookieNames.flash(), key, flashOptions());
}

/** Keeps the message that waits, if there is one, for the next page and none after it. For routes. */
export async function keepFlash(): Promise<void> {
  const waiting = (await cookies()).get(cookieNames.flash())?.value;
  await setCookie(cookieNames.flash(), keptFlash(waiting), flashOptions());
}

/** The flash message this page shows; null when there is none. The middleware has taken it out of the browser. */
export async function shownFlash(): Promise<FlashKey | null> {
  return flashIn(await takenFlash());
}

/** True when a route has led here and kept the flash message, so that this page may not lead back to it. */
export async function isFlashKept(): Promise<boolean> {
  return isKept(await takenFlash());
}

async function takenFlash(): Promise<string | null> {
  return readPageRequest(await headers())?.flash ?? null;
}
