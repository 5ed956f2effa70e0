import { isRouterState } from "./router-state";

/** What a request is refused with, and the sentence that goes with it. */
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
  /** Path and query as they were sent, or the whole address. */
  url: string;
  /** A header's value; null when it is missing. */
  header(name: string): string | null;
}

/** The methods that pages speak (ASVS v5.0.0-4.1.4). */
const PAGE_METHODS = new Set(["GET", "HEAD", "POST"]);

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Methods that nothing here speaks, and that Next fails on. */
const FOREIGN_METHODS = new Set(["", "TRACE", "CONNECT"]);

/** Our own routes below /api that take forms or nothing; all others are of whoever builds on this. */
const FORM_ROUTES = ["/api/auth", "/api/health"];

/** The one way a form of ours is written: React's, which names its boundary. */
const OUR_FORM = /^multipart\/form-data;\s*boundary=./i;

/** How next-auth's own route is written to. It reads JSON too, of any depth and shape, which nothing here needs. */
const PLAIN_FORM = /^application\/x-www-form-urlencoded(;|$)/i;

/** Largest form taken, in bytes: ours are small. */
const FORM_MAX_BYTES = 512 * 1024;

/**
 * Why a request is refused before anything looks at it; null when it may pass.
 *
 * A request that changes something must come from a page of ours: browsers say so in `Origin`, and where that is missing
 * in `Sec-Fetch-Site` (ASVS v5.0.0-3.5.1; OWASP CSRF Prevention, "Fetch Metadata"). Routes that somebody adds below /api
 * have this one rule, and only for requests that carry cookies; pages speak GET, HEAD and POST and take our forms alone.
 */
export function refusal(request: FilteredRequest, publicUrl: URL): Refusal | null {
  const { method, header } = request;
  const path = pathAsRead(request.url);
  if (path === null || !isRouterState(header("next-router-state-tree") ?? '["",{}]')) return 400;
  if (path === "/_global-error") return 404; // what Next shows when all else fails, which fails there too
  if (FOREIGN_METHODS.has(method)) return 405;
  if (isOwnRoute(path)) {
    const isOpen = SAFE_METHODS.has(method) || header("cookie") === null;
    return isOpen || isFromHere(request, publicUrl) ? null : 403;
  }
  if (!PAGE_METHODS.has(method)) return 405;
  if (method !== "POST") return null;
  // Browsers resolve "/api/../login" before they send it; here it is clear at once which of the two it is.
  if (request.url.startsWith("/") && !request.url.startsWith(path)) return 400;
  // Every browser tells how long its form is; a body of unknown length could be any.
  if (header("content-length") === null) return 411;
  if (!hasSmallBody(request)) return 413;
  if (!isFromHere(request, publicUrl)) return 403;
  const form = path.startsWith("/api/") ? PLAIN_FORM : OUR_FORM;
  return form.test(header("content-type") ?? "") ? null : 415;
}

/** Largest body that Next hands on whole behind the middleware, in bytes; the rest it would cut off without a word. */
const BEHIND_MIDDLEWARE_MAX_BYTES = 10 * 1024 * 1024;

/**
 * Why a body may not pass through the middleware; null when it comes out whole. This concerns routes of one's own, and only
 * requests that say where they come from by `Origin` alone: the middleware's matcher lets all others stream past it.
 */
export function refusalOfBody({
  method,
  header,
}: Pick<FilteredRequest, "method" | "header">): Refusal | null {
  if (SAFE_METHODS.has(method)) return null;
  if (header("transfer-encoding") !== null) return 411;
  return Number(header("content-length") ?? 0) > BEHIND_MIDDLEWARE_MAX_BYTES ? 413 : null;
}

/** True for a route below /api that is none of ours. */
export function isOwnRoute(path: string): boolean {
  if (!path.startsWith("/api/")) return false;
  return !FORM_ROUTES.some((route) => path === route || path.startsWith(`${route}/`));
}

/** True where at most {@link FORM_MAX_BYTES} will come. */
export function hasSmallBody({ header }: Pick<FilteredRequest, "header">): boolean {
  const isOpenEnded = header("transfer-encoding") !== null;
  return !isOpenEnded && Number(header("content-length") ?? 0) <= FORM_MAX_BYTES;
}

/** The path as Next will understand it; null when its percent-encoding is broken, on which routes below /api fail. */
function pathAsRead(url: string): string | null {
  try {
    const { pathname } = new URL(url, "http://site.invalid");
    decodeURIComponent(pathname);
    return pathname;
  } catch {
    return null;
  }
}

/** Over https the public address is the only one; else a page may also have been reached by another name of this host. */
export function isFromHere({ header }: FilteredRequest, publicUrl: URL): boolean {
  const origin = header("origin");
  if (origin === null) {
    const site = header("sec-fetch-site");
    return site === null || site === "same-origin" || site === "none";
  }
  if (origin === publicUrl.origin) return true;
  if (publicUrl.protocol === "https:" || !URL.canParse(origin)) return false;
  const { origin: parsed, host } = new URL(origin);
  return origin === parsed && host === header("host");
}
