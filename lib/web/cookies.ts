import { env } from "../platform/env";
import { DEVICE_LIFETIME_DAYS } from "../shared/limits";

/** How long a flash waits for the page that shows it, in seconds; a redirect takes far less. */
const FLASH_MAX_AGE_S = 60;

/** How long a mailed link stays open in a browser, in seconds: as long as it takes to choose a password. */
const LINK_MAX_AGE_S = 30 * 60;

/**
 * A cookie's full name: `__Host-` over https pins it to this host and to https (RFC 6265bis §4.1.3.2). Over plain http
 * some browsers refuse that prefix, which would send people round and round the login, so there the name stands alone.
 */
function cookieName(name: string): string {
  return env().isSecure ? `__Host-${name}` : name;
}

/** No cookie name may begin with another's: next-auth takes every cookie that begins with its own for a chunk of it. */
export const cookieNames = {
  session: () => cookieName("latchkey.session"),
  device: () => cookieName("latchkey.device"),
  flash: () => cookieName("latchkey.flash"),
  /** One for each page a letter leads to: two links in one browser shall not push each other out. */
  link: (page: string) => cookieName(`latchkey.link${page.replace("/", ".")}`),
  csrf: () => cookieName("latchkey.csrf"),
  callbackUrl: () => cookieName("latchkey.callback-url"),
};

/** What every cookie of ours carries; script never sees one (ASVS v5.0.0-3.3.2 to 3.3.4). */
export function cookieOptions() {
  return { httpOnly: true, sameSite: "lax", path: "/", secure: env().isSecure } as const;
}

export function flashOptions() {
  return { ...cookieOptions(), maxAge: FLASH_MAX_AGE_S };
}

export function linkOptions() {
  return { ...cookieOptions(), maxAge: LINK_MAX_AGE_S };
}

/** Known for as long as the token in it is believed. */
export function deviceOptions() {
  return { ...cookieOptions(), maxAge: DEVICE_LIFETIME_DAYS * 24 * 60 * 60 };
}

/** A session cookie dies with the browser unless its owner asked to be remembered: then it ends with its row. */
export function sessionOptions(session: { isRemembered: boolean; expiresAt: Date }) {
  return session.isRemembered ? { ...cookieOptions(), expires: session.expiresAt } : cookieOptions();
}

/** Options that make a browser forget a cookie. */
export function expiredOptions() {
  return { ...cookieOptions(), maxAge: 0 };
}
