import { PICTURE_MAX_BYTES } from "../shared/limits";
import { routes } from "../shared/routes";
import { FORWARDED_ACTION, PAGE_REQUEST } from "./internal-headers";
import { isRouterState } from "./router-state";

/** The status of each refusal, with its sentence. */
export const REFUSALS = {
  400: "That request cannot be read.",
  403: "This request did not come from a page of this site.",
  404: "There is no such page.",
  405: "This method is not used here.",
  411: "This body must tell its length.",
  413: "That is more than can be taken here.",
  415: "That is not what a form here sends.",
} as const;

export type Refusal = keyof typeof REFUSALS;

/** A request as a server or the middleware has it. */
export interface FilteredRequest {
  method: string;
  /** Path and query as they were sent. */
  url: string;
  /** A header's value; null when it is missing. */
  header(name: string): string | null;
}

/** The methods that pages accept (ASVS v5.0.0-4.1.4). */
const PAGE_METHODS = new Set(["GET", "HEAD", "POST"]);

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Methods that nothing here accepts, and on which Next fails. */
const FOREIGN_METHODS = new Set(["", "TRACE", "CONNECT"]);

/** Our own routes below /api that have the rules of pages: they take forms or nothing. */
const FORM_ROUTES = ["/api/auth", "/api/health"];

/** Our own routes below /api that programs and scripts call: they have the rules of routes that an app adds, and read no body. */
const BODILESS_ROUTES = ["/api/tasks", "/api/common-passwords", "/api/passkey-question"];

/** The one encoding of our forms: React's, which names its boundary. */
const OUR_FORM = /^multipart\/form-data;\s*boundary=./i;

/** The encoding for the credentials route. next-auth also reads JSON of any depth and shape, which nothing here needs. */
const PLAIN_FORM = /^application\/x-www-form-urlencoded(;|$)/i;

/** Largest form accepted, in bytes: ours are small. */
export const FORM_MAX_BYTES = 512 * 1024;

/** The same of the credentials route, in bytes: an email address, a password and a path. */
export const CREDENTIALS_MAX_BYTES = 16 * 1024;

/** How often the path of an address may be percent-encoded: a proxy may encode it once more, and a sender by mistake. */
const ENCODINGS_MAX = 3;

/**
 * Most parameters of an address. Ours have three; Next looks through all of them for each, so that thousands, as many as a
 * head can have, take it half a second.
 */
const PARAMETERS_MAX = { page: 100, ownRoute: 1000 } as const;

/** The same of the one form with a picture, the encoding around that included. What is larger its route answers in words. */
export const PICTURE_FORM_MAX_BYTES = PICTURE_MAX_BYTES + 64 * 1024;

/**
 * The status that refuses a request before anything else reads it; null when it may pass.
 *
 * A request that changes something must come from a page of ours: browsers say so in `Origin`, and where that is missing or
 * "null" in `Sec-Fetch-Site` (ASVS v5.0.0-3.5.1; OWASP CSRF Prevention, "Fetch Metadata"). Routes that an app adds below /api
 * have this one rule, and only for requests with cookies; pages accept GET, HEAD and POST, and our forms alone.
 */
export function refusal(request: FilteredRequest, publicUrl: URL): Refusal | null {
  const { method, header } = request;
  const path = pathAsRead(request.url);
  if (path === null || !isRouterState(header("next-router-state-tree") ?? '["",{}]')) return 400;
  if (hasTooManyParameters(request.url, isOwnRoute(path))) return 400;
  if (decoded(path) === "/_global-error") return 404; // Next's page for its own failures, which itself fails when it is requested
  if (FOREIGN_METHODS.has(method)) return 405;
  if (header(FORWARDED_ACTION) !== null) return 400; // Next says it to itself, see `server/own-actions.ts`
  if (isOwnRoute(path)) {
    if (header(PAGE_REQUEST) !== null) return 400; // only the middleware says this, and only to pages
    const isOpen = SAFE_METHODS.has(method) || header("cookie") === null;
    return isOpen || isFromHere(request, publicUrl) ? null : 403;
  }
  if (!PAGE_METHODS.has(method)) return 405;
  if (method !== "POST") return null;
  // Browsers resolve "/api/../login" before they send it, so an unresolved path comes from a program that hides its aim.
  if (!request.url.startsWith(path)) return 400;
  const isChunked = header("transfer-encoding") !== null; // its size is known once it is read
  if (!isChunked && header("content-length") === null) return 411;
  if (!isChunked && !hasSmallBody(request) && !takesPicture(request.url)) return 413;
  if (!isFromHere(request, publicUrl)) return 403;
  const form = isBelowApi(path) ? PLAIN_FORM : OUR_FORM;
  return form.test(header("content-type") ?? "") ? null : 415;
}

/** True for an address whose route reads bodies of any size: one that an app has added below /api. */
export function takesAnySize(url: string): boolean {
  const path = pathAsRead(url);
  return path !== null && isOwnRoute(path) && !isOneOf(BODILESS_ROUTES, decoded(path));
}

/**
 * True for the address of the form with a picture, in this spelling alone: any other passes the middleware, as small forms do.
 */
export function takesPicture(url: string): boolean {
  return pathAsRead(url) === routes.accountPicture;
}

/**
 * True for a route below /api with the rules of those that the app built on this one has added. Next finds a route by the
 * decoded path too, so a path has these rules only when it has them in either spelling.
 */
export function isOwnRoute(path: string): boolean {
  return [path, decoded(path)].every(
    (spelling) => spelling.startsWith("/api/") && !isOneOf(FORM_ROUTES, spelling),
  );
}

/** The path without percent-encoding, also where it was encoded several times, up to {@link ENCODINGS_MAX}. */
function decoded(path: string, times: number = ENCODINGS_MAX): string {
  try {
    const plainer = decodeURIComponent(path);
    return plainer === path || times === 1 ? plainer : decoded(plainer, times - 1);
  } catch {
    return path;
  }
}

/** True where {@link decoded} gives up: to go on for as long as there is a "%25" would take a second for a long address. */
function isEncodedTooOften(path: string): boolean {
  const plain = decoded(path);
  return decoded(plain, 1) !== plain;
}

function hasTooManyParameters(url: string, isOwn: boolean): boolean {
  const max = isOwn ? PARAMETERS_MAX.ownRoute : PARAMETERS_MAX.page;
  return url.split("&", max + 1).length > max;
}

/** True below /api, in any spelling. Of our own routes there the one for credentials takes a form. */
function isBelowApi(path: string): boolean {
  return decoded(path).startsWith("/api/");
}

function isOneOf(routes: string[], path: string): boolean {
  return routes.some((route) => path === route || path.startsWith(`${route}/`));
}

/** True when the body has at most as many bytes as a form of ours to that address. */
export function hasSmallBody({ url, header }: FilteredRequest): boolean {
  const isOpenEnded = header("transfer-encoding") !== null;
  return !isOpenEnded && Number(header("content-length") ?? 0) <= formMaxBytes(url);
}

/** Most bytes of a form to that address; the one with a picture has {@link PICTURE_FORM_MAX_BYTES}. */
export function formMaxBytes(url: string): number {
  const path = pathAsRead(url);
  const isOurs = path !== null && isBelowApi(path) && !isOwnRoute(path);
  return isOurs ? CREDENTIALS_MAX_BYTES : FORM_MAX_BYTES;
}

/**
 * The path as Next will read it; null for an address that is no path, broken percent-encoding and control characters, on which
 * routes below /api fail, and for one that was encoded again and again.
 */
function pathAsRead(url: string): string | null {
  if (!url.startsWith("/")) return null;
  try {
    const { pathname } = new URL(url, "http://site.invalid");
    return /\p{Cc}/u.test(decodeURIComponent(pathname)) || isEncodedTooOften(pathname) ? null : pathname;
  } catch {
    return null;
  }
}

/**
 * True for an `Origin` that does not say where a request comes from. Browsers send it for a page that sends no Referer, as
 * those of emailed links do, and for a sandboxed frame; `Sec-Fetch-Site` tells the two apart.
 */
export function isWithheld(origin: string | null | undefined): boolean {
  return origin === "null";
}

/** Over https only the public address counts; over http a page may also be visited by another name of this host. */
export function isFromHere({ header }: FilteredRequest, publicUrl: URL): boolean {
  const [origin, site] = [header("origin"), header("sec-fetch-site")];
  if (isWithheld(origin)) return site === "same-origin";
  if (origin === null) return site === null || site === "same-origin" || site === "none";
  if (origin === publicUrl.origin) return true;
  if (publicUrl.protocol === "https:" || !URL.canParse(origin)) return false;
  const { origin: parsed, host } = new URL(origin);
  return origin === parsed && host === header("host");
}
