import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import { cookies } from "next/headers";

/** A cookie as it was set: its name, its value, and its options. */
export type SetCookie = [name: string, value: string, options: CookieOptions];

/** `expires` in milliseconds since 1970 once it has been kept. */
interface CookieOptions {
  httpOnly: boolean;
  sameSite: "lax";
  path: string;
  secure: boolean;
  maxAge?: number;
  expires?: Date | number;
}

const noted = new AsyncLocalStorage<SetCookie[]>();

/** Sets a cookie of ours. The one way for actions, so that an answer can be given twice. For actions and routes. */
export async function setCookie(...cookie: SetCookie): Promise<void> {
  (await cookies()).set(...cookie);
  noted.getStore()?.push(cookie);
}

/** Runs `work`, and tells which cookies it has set. */
export async function withCookies<T>(work: () => Promise<T>): Promise<{ result: T; cookies: SetCookie[] }> {
  const cookies: SetCookie[] = [];
  return { result: await noted.run(cookies, work), cookies };
}
