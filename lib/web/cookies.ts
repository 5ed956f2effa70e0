import { derivedKey } from "../platform/crypto/derived-key";
import { env } from "../platform/env";
import { ARRIVAL_MS, JOURNEY_MS, VOUCHER_MS } from "../shared/connections";
import { KEPT_FORM_S, KNOWN_BROWSER_DAYS } from "../shared/limits";
import { PENDING_LOGIN_MS, SET_UP_MS, SHOWN_CODES_MS } from "../shared/two-factor";
import { DAY_S, MINUTE_S, SECOND_MS } from "../shared/units";

/** How long a flash message waits for the page that shows it, in seconds; a redirect takes far less. */
const FLASH_MAX_AGE_S = 60;

/** Hexadecimal characters that name an installation: 32 bits tell the few on one host apart. */
const INSTALLATION_LENGTH = 8;

/** In the name of every cookie of this app, of any installation. */
const OURS = "latchkey.";

/** True for a `Cookie` header that may have a cookie of this app, of any installation and release. */
export function mayHaveOurCookie(header: string): boolean {
  return header.includes(OURS);
}

/** The cookies that tell who somebody is, of any installation, and of a release before there were names of installations. */
const ANY_NAME = /^(__Host-)?latchkey\.(?:[0-9a-f]{8}\.)?(session|browser|link\.[0-9a-f]{16})$/;

/**
 * What tells the cookies of this installation from those of another one on the same host: browsers ignore the port
 * (RFC 6265 §8.5). It comes from AUTH_SECRET and the public address, which all processes of an installation share and no
 * other one has both of: staging may have production's secret, or its host.
 */
export function installationId(): string {
  return derivedKey(`latchkey cookie names v2\n${env().publicUrl.origin}`)
    .toString("hex")
    .slice(0, INSTALLATION_LENGTH);
}

/**
 * A cookie's full name: `__Host-` over https pins it to this host and to https (RFC 6265bis §4.1.3.2). Over plain http
 * some browsers refuse that prefix, and no login would last, so there the name has none.
 */
function cookieName(name: string): string {
  return `${prefix()}${OURS}${installationId()}.${name}`;
}

function prefix(): string {
  return env().isSecure ? "__Host-" : "";
}

/** No cookie name may begin with another's: next-auth takes every cookie that begins with its own for a chunk of it. */
export const cookieNames = {
  session: () => cookieName("session"),
  browser: () => cookieName("browser"),
  flash: () => cookieName("flash"),
  /** One for each emailed link that this browser has open: two of them do not push each other out. */
  link: (id: string) => cookieName(`link.${id}`),
  csrf: () => cookieName("csrf"),
  callbackUrl: () => cookieName("callback-url"),
  /** Opens what was typed into a form before a session ended. */
  kept: () => cookieName("kept"),
  /** The address typed last, for the next form that asks for it. */
  email: () => cookieName("email"),
  /** A login that waits for its second proof. */
  pendingLogin: () => cookieName("pending-login"),
  /** What a browser has been sent to a provider for, encrypted. */
  journey: () => cookieName("journey"),
  /** Who has come back from a provider and has no account yet, encrypted. */
  arrival: () => cookieName("arrival"),
  /** For which account of this browser's a provider vouches, while its address is to be confirmed; encrypted. */
  voucher: () => cookieName("voucher"),
  /** next-auth's own, by which it knows a provider's answer to be the one to its question: never in a browser for long. */
  providerState: () => cookieName("provider-state"),
  providerNonce: () => cookieName("provider-nonce"),
  providerVerifier: () => cookieName("provider-verifier"),
  /** The secret of an authenticator app that is being set up, encrypted. */
  setUp: () => cookieName("set-up"),
  /** Recovery codes for the next page, encrypted. */
  shownCodes: () => cookieName("shown-codes"),
};

/**
 * Of these cookies, those whose name the session, known-browser or a link's cookie has in another installation, had before the last
 * change of AUTH_SECRET or AUTH_URL, or had in an earlier release. Which of them is the case, the database tells.
 */
export function otherCookies<Cookie extends { name: string }>(
  kind: "session" | "browser" | `link.${string}`,
  cookies: Cookie[],
): Cookie[] {
  const own = cookieName(kind);
  return cookies.filter(({ name }) => {
    const [, host = "", found] = ANY_NAME.exec(name) ?? [];
    return found === kind && host === prefix() && name !== own;
  });
}

/** The options of every cookie of ours; no script can read one (ASVS v5.0.0-3.3.2 to 3.3.4). */
export function cookieOptions() {
  return { httpOnly: true, sameSite: "lax", path: "/", secure: env().isSecure } as const;
}

export function flashOptions() {
  return { ...cookieOptions(), maxAge: FLASH_MAX_AGE_S };
}

/** A form that asks for an address has the one typed in the form before it, within so many seconds. */
const EMAIL_MAX_AGE_S = 10 * MINUTE_S;

export function emailOptions() {
  return { ...cookieOptions(), maxAge: EMAIL_MAX_AGE_S };
}

/** As long as the login waits. */
export function pendingLoginOptions() {
  return { ...cookieOptions(), maxAge: PENDING_LOGIN_MS / SECOND_MS };
}

/** As long as a provider's answer is waited for. */
export function journeyOptions() {
  return { ...cookieOptions(), maxAge: JOURNEY_MS / SECOND_MS };
}

export function arrivalOptions() {
  return { ...cookieOptions(), maxAge: ARRIVAL_MS / SECOND_MS };
}

export function voucherOptions() {
  return { ...cookieOptions(), maxAge: VOUCHER_MS / SECOND_MS };
}

export function setUpOptions() {
  return { ...cookieOptions(), maxAge: SET_UP_MS / SECOND_MS };
}

export function shownCodesOptions() {
  return { ...cookieOptions(), maxAge: SHOWN_CODES_MS / SECOND_MS };
}

/** As long as what it opens is kept. */
export function keptOptions() {
  return { ...cookieOptions(), maxAge: KEPT_FORM_S };
}

/** Until the browser closes: the link's own token decides how long it works. */
export function linkOptions() {
  return cookieOptions();
}

/** As long as a row of a known browser is believed. */
export function browserOptions() {
  return { ...cookieOptions(), maxAge: KNOWN_BROWSER_DAYS * DAY_S };
}

/** A session cookie dies with the browser unless its owner asked to be remembered: then it ends with its row. */
export function sessionOptions(session: { isRemembered: boolean; expiresAt: Date }) {
  return session.isRemembered ? { ...cookieOptions(), expires: session.expiresAt } : cookieOptions();
}

/** Options that make a browser forget a cookie. */
export function expiredOptions() {
  return { ...cookieOptions(), maxAge: 0 };
}
