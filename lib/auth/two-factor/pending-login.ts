import "server-only";
import { cookies } from "next/headers";
import { cache } from "react";
import {
  findPendingLogin,
  type OpenedPendingLogin,
  type PendingLogin,
} from "../../security/two-factor/pending-logins";
import { cookieNames, expiredOptions, pendingLoginOptions } from "../../web/cookies";
import { setCookie } from "../../web/set-cookie";

/**
 * The login of this browser that waits for its second proof; null when none does. To all pages, actions and routes but those
 * of that proof its person is a visitor. While a page is made it is asked for once.
 */
export const currentPendingLogin = cache(async (): Promise<PendingLogin | null> => {
  const token = (await cookies()).get(cookieNames.pendingLogin())?.value;
  return token ? findPendingLogin(token) : null;
});

/** Gives this browser its login that waits, in place of one before. For actions and routes. */
export async function writePendingLogin({ token }: OpenedPendingLogin): Promise<void> {
  await setCookie(cookieNames.pendingLogin(), token, pendingLoginOptions());
}

/** Makes this browser forget it. For actions and routes. */
export async function clearPendingLogin(): Promise<void> {
  await setCookie(cookieNames.pendingLogin(), "", expiredOptions());
}
