/** Where a request comes from, as far as we can tell. */
export interface Caller {
  /** The client's address; null when it is unknown. Taken from a header only when a trusted proxy wrote it. */
  ip: string | null;
  /** The browser's own description, cut to {@link USER_AGENT_MAX} characters; null when it sent none. */
  userAgent: string | null;
  /** What the log, the error page and the history call this request; null outside our own server. */
  requestId: string | null;
  /** The browser's signed device cookie as sent, not yet believed; null when it has none. */
  device: string | null;
}

/** Longest user agent kept, in characters. Real ones stay under 300; the rest is noise or mischief. */
export const USER_AGENT_MAX = 512;
