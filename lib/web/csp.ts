import { env } from "../platform/env";

/**
 * The Content-Security-Policy of one page: scripts with the nonce and those that they load, all else from this site
 * (ASVS v5.0.0-3.4.3, 3.4.6). Development needs eval for source maps and inline styles for its overlay.
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
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
