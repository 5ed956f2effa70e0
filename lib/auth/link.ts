import "server-only";
import { cookies } from "next/headers";
import { cookieNames, expiredOptions } from "./cookies";

/** The secret of the mailed link this browser came by, as the middleware kept it; blank when there is none. */
export async function openedLink(): Promise<string> {
  return (await cookies()).get(cookieNames.link())?.value ?? "";
}

/** Makes the browser forget it. For actions and routes. */
export async function closeLink(): Promise<void> {
  (await cookies()).set(cookieNames.link(), "", expiredOptions());
}
