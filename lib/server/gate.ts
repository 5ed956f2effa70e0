import type { IncomingMessage } from "node:http";
import { INTERNAL_PREFIX } from "../auth/headers";

/** What a request is turned away with, and the sentence that goes with it. */
export const REFUSALS = {
  403: "This request did not come from a page of this site.",
  405: "This method is not used here.",
  411: "A form must tell its length.",
  413: "That is more than a form here can hold.",
} as const;

export type Refusal = keyof typeof REFUSALS;

/** The methods this site speaks (ASVS v5.0.0-4.1.4). OPTIONS is left out: nothing here is for other sites. */
const METHODS = new Set(["GET", "HEAD", "POST"]);

/** Largest body taken, in bytes: our forms are small. Next's own limit is twice that and ends in an error. */
const BODY_MAX_BYTES = 512 * 1024;

/**
 * Why a request is turned away before anything looks at it; null when it may pass. A request that changes something must
 * come from a page of ours: browsers say so in `Origin`, and where that is missing in `Sec-Fetch-Site`
 * (ASVS v5.0.0-3.5.1; OWASP CSRF Prevention, "Fetch Metadata").
 */
export function refusal(request: IncomingMessage, publicOrigin: string): Refusal | null {
  const method = request.method ?? "";
  if (!METHODS.has(method)) return 405;
  if (method !== "POST") return null;
  const length = request.headers["content-length"];
  if (length === undefined) return 411; // every browser tells; a body of unknown length could be any
  if (Number(length) > BODY_MAX_BYTES) return 413;
  const { origin, host } = request.headers;
  if (origin === undefined) {
    const site = request.headers["sec-fetch-site"];
    return site === undefined || site === "same-origin" || site === "none" ? null : 403;
  }
  if (origin === publicOrigin) return null;
  return URL.canParse(origin) && origin === new URL(origin).origin && new URL(origin).host === host
    ? null
    : 403;
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
      name === "forwarded"
    )
      delete headers[name];
  if (headers.origin === publicUrl.origin) headers.host = publicUrl.host;
  headers["x-forwarded-proto"] = publicUrl.protocol.slice(0, -1);
}
