import type { ServerResponse } from "node:http";
import { SCRIPTLESS_POLICY } from "../web/csp";

/** How long browsers come by https only, in seconds: two years (ASVS v5.0.0-3.4.1 asks for one). */
const HSTS_MAX_AGE_S = 2 * 365 * 24 * 60 * 60;

/** What every answer says, whoever makes it: a page, a file, a redirect, a refusal (ASVS v5.0.0-3.4, 3.5.8). */
const ALWAYS = {
  "X-Content-Type-Options": "nosniff",
  // Not no-referrer: forms would then post `Origin: null` and every action would be refused.
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

/** Puts in what holds for every answer, before anybody looks at the request. */
export function beginHeaders(response: ServerResponse, isSecure: boolean): void {
  for (const [name, value] of Object.entries(ALWAYS)) response.setHeader(name, value);
  if (isSecure)
    response.setHeader("Strict-Transport-Security", `max-age=${HSTS_MAX_AGE_S}; includeSubDomains`);
}

/**
 * Fills in what whoever made the answer has left open: no cache keeps it, no script runs in it, and its text is UTF-8
 * (ASVS v5.0.0-4.1.1, 14.3.2). Pages bring a policy of their own; Next's redirects and two-word errors bring nothing.
 */
export function completeHeaders(response: ServerResponse): void {
  if (!response.hasHeader("Cache-Control")) response.setHeader("Cache-Control", "no-store");
  if (!response.hasHeader("Content-Security-Policy"))
    response.setHeader("Content-Security-Policy", SCRIPTLESS_POLICY);
  const type = String(response.getHeader("Content-Type") ?? "");
  if (type === "") response.setHeader("Content-Type", "text/plain; charset=utf-8");
  if (type.startsWith("text/") && !/;\s*charset=/i.test(type))
    response.setHeader("Content-Type", `${type}; charset=utf-8`);
}
