import "server-only";
import { cookies } from "next/headers";
import { cookieNames, expiredOptions } from "./cookies";

/** The secret of the mailed link that led this browser to a page, as the middleware kept it; blank when there is none. */
export async function openedLink(page: string): Promise<string> {
  return (await cookies()).get(cookieNames.link(page))?.value ?? "";
}

/** Makes the browser forget it. For actions and routes. */
export async function closeLink(page: string): Promise<void> {
  (await cookies()).set(cookieNames.link(page), "", expiredOptions());
}
