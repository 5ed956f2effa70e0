import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { parseAndValidateFlightRouterState } from "next/dist/server/app-render/parse-and-validate-flight-router-state.js";
import { INTERNAL_PREFIX } from "../web/internal-headers";

/** What a request is turned away with, and the sentence that goes with it. */
export const REFUSALS = {
  400: "That request cannot be read.",
  403: "This request did not come from a page of this site.",
  404: "There is no such page.",
  405: "This method is not used here.",
  411: "A form must tell its length.",
  413: "That is more than a form here can hold.",
  415: "That is not what a form here sends.",
} as const;

export type Refusal = keyof typeof REFUSALS;

/** The methods this site speaks (ASVS v5.0.0-4.1.4). OPTIONS is left out: nothing here is for other sites. */
const METHODS = new Set(["GET", "HEAD", "POST"]);

/** The one way a form of ours is written: React's, which names its boundary. */
const OUR_FORM = /^multipart\/form-data;\s*boundary=./i;

/** How next-auth's own route is written to. It reads JSON too, of any depth and shape; nobody needs that here. */
const PLAIN_FORM = /^application\/x-www-form-urlencoded(;|$)/i;

/** Largest body taken, in bytes: our forms are small. Next's own limit is twice that and ends in an error. */
const BODY_MAX_BYTES = 512 * 1024;

/**
 * Why a request is turned away before anything looks at it; null when it may pass. A request that changes something must
 * come from a page of ours: browsers say so in `Origin`, and where that is missing in `Sec-Fetch-Site`
 * (ASVS v5.0.0-3.5.1; OWASP CSRF Prevention, "Fetch Metadata").
 */
export function refusal(request: IncomingMessage, publicOrigin: string): Refusal | null {
  const method = request.method ?? "";
  const path = pathAsRead(request.url ?? "/");
  if (path === null || !hasReadableRouterState(request.headers)) return 400;
  if (path === "/_global-error") return 404; // what Next shows when all else fails, which fails there too
  if (!METHODS.has(method)) return 405;
  if (method !== "POST") return null;
  // Browsers resolve "/api/../login" before they send it; here nobody shall wonder which of the two it is.
  if (!request.url?.startsWith(path)) return 400;
  // Every browser tells how long its form is; a body of unknown length could be any.
  if (request.headers["content-length"] === undefined) return 411;
  if (!hasSmallBody(request)) return 413;
  if (!isFromHere(request.headers, publicOrigin)) return 403;
  const form = path.startsWith("/api/") ? PLAIN_FORM : OUR_FORM;
  return form.test(request.headers["content-type"] ?? "") ? null : 415;
}

/** True where at most {@link BODY_MAX_BYTES} will come. */
export function hasSmallBody({ headers }: IncomingMessage): boolean {
  const isOpenEnded = headers["transfer-encoding"] !== undefined;
  return !isOpenEnded && Number(headers["content-length"] ?? 0) <= BODY_MAX_BYTES;
}

/** The path as Next will understand it; null when its percent-encoding is broken, on which routes below /api fail. */
function pathAsRead(url: string): string | null {
  try {
    const { pathname } = new URL(url, "http://latchkey.invalid");
    decodeURIComponent(pathname);
    return pathname;
  } catch {
    return null;
  }
}

/** Next's script tells which part of a page it has. Next's own reader is asked: what it throws on is a 500 further in. */
function hasReadableRouterState({ "next-router-state-tree": state }: IncomingHttpHeaders): boolean {
  try {
    parseAndValidateFlightRouterState(state);
    return true;
  } catch {
    return false;
  }
}

function isFromHere({ origin, host, ...headers }: IncomingHttpHeaders, publicOrigin: string): boolean {
  if (origin === undefined) {
    const site = headers["sec-fetch-site"];
    return site === undefined || site === "same-origin" || site === "none";
  }
  if (origin === publicOrigin) return true;
  return URL.canParse(origin) && origin === new URL(origin).origin && new URL(origin).host === host;
}

/**
 * Headers in which a visitor could pretend to be our own server, a proxy in front of it, or a part of Next. A request
 * that passed {@link refusal} for the public address also gets its Host, should a proxy have replaced that: Next
 * compares the two.
 */
export function cleanHeaders({ headers }: IncomingMessage, publicUrl: URL): void {
  for (const name of Object.keys(headers))
    if (
      name.startsWith(INTERNAL_PREFIX) ||
      name.startsWith("x-forwarded-") ||
      name.startsWith("x-middleware-") ||
      name === "x-action-forwarded" ||
      name === "forwarded"
    )
      delete headers[name];
  if (headers.origin === publicUrl.origin) headers.host = publicUrl.host;
  headers["x-forwarded-proto"] = publicUrl.protocol.slice(0, -1);
}
