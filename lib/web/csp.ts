import { randomBytes } from "node:crypto";
import { env } from "../platform/env";
import { authorizationOrigins } from "../platform/providers/ask-provider";

/** Random bytes in a nonce (CSP Level 3 §7.1 asks for 128 bits). */
const NONCE_BYTES = 16;

/** What marks the scripts of one answer as ours. */
export function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString("base64");
}

/**
 * The Content-Security-Policy of one page: scripts with the nonce and those that they load, all else from this site
 * (ASVS v5.0.0-3.4.3, 3.4.6). A form may lead to the identity providers that the settings name: Chromium asks this of the
 * redirect that answers it, too. Development needs eval for source maps and inline styles for its overlay.
 */
export function contentSecurityPolicy(nonce: string): string {
  const { isDevelopment } = env();
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    `style-src 'self'${isDevelopment ? " 'unsafe-inline'" : ""}`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    ["form-action 'self'", ...authorizationOrigins()].join(" "),
    "frame-ancestors 'none'",
  ].join("; ");
}
