/**
 * The headers of every answer: of pages, files, redirects and refusals (ASVS v5.0.0-3.4, 3.5.8). Plain
 * JavaScript, because next.config.mjs reads it too.
 */
export const SECURITY_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  // The policy's frame-ancestors says the same; scanners, and browsers without it, ask for this one.
  "X-Frame-Options": "DENY",
  // Not no-referrer: forms would then post `Origin: null`, and every action would be refused.
  "Referrer-Policy": "strict-origin-when-cross-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

/** The policy of an answer that runs no script: an error page, data, a file that is opened as a page. */
export const SCRIPTLESS_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
