/** Who asks, from where, as far as we can tell. A verb gets it from its caller and reads no header itself. */
export interface ClientInfo {
  /** The client's address; null when it is unknown. Taken from a header only when a trusted proxy wrote it. */
  ip: string | null;
  /** The browser's own description, cut to {@link USER_AGENT_MAX} characters; null when it sent none. */
  userAgent: string | null;
  /** What the log, the error page and the history call this request; null outside a request. */
  requestId: string | null;
  /** The token of the browser's known-browser cookie as sent, not yet believed; null when it has none. */
  browserToken: string | null;
}

/** Longest user agent kept, in characters. Real ones stay under 300; the rest is noise or mischief. */
export const USER_AGENT_MAX = 512;

/** What is known of a client where there is none: the operator's commands and jobs. */
export const NO_CLIENT: ClientInfo = { ip: null, userAgent: null, requestId: null, browserToken: null };
