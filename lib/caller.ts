/** Where a request comes from, as far as we can tell. */
export interface Caller {
  /** The address of the connection; null when it is unknown. Never taken from a header that a visitor can write. */
  ip: string | null;
  /** The browser's own description, cut to {@link USER_AGENT_MAX} characters; null when it sent none. */
  userAgent: string | null;
}

/** Longest user agent kept, in characters. Real ones stay under 300; the rest is noise or mischief. */
export const USER_AGENT_MAX = 512;
