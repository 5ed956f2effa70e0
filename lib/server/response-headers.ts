import type { ServerResponse } from "node:http";
import type { Env } from "../platform/env";
import { strictTransportSecurity } from "../web/hsts";
import { SCRIPTLESS_POLICY, SECURITY_HEADERS } from "../web/security-headers.mjs";

/** Sets the headers of every answer, before the request is looked at. */
export function beginHeaders(response: ServerResponse, settings: Env): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  const hsts = strictTransportSecurity(settings);
  if (hsts !== null) response.setHeader("Strict-Transport-Security", hsts);
}

/**
 * Sets the headers that an answer still lacks: no cache keeps it, no script runs in it, and its text is UTF-8
 * (ASVS v5.0.0-4.1.1, 14.3.2). Pages have a policy of their own; Next's redirects and short errors have none.
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
