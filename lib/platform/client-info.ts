/** Who asks, from where, as far as we know. Verbs get it as an argument and read no header themselves. */
export interface ClientInfo {
  /** The client's address; null when it is unknown. Taken from a header only when a trusted proxy wrote it. */
  ip: string | null;
  /** The browser's own description, cut to {@link USER_AGENT_MAX} characters; null when it sent none. */
  userAgent: string | null;
  /** What the log, the error page and the history call this request; null outside a request. */
  requestId: string | null;
  /** The token in the known-browser cookie as sent, not yet checked; null when there is none. */
  browserToken: string | null;
  /**
   * The token of a login that waits in this browser for its second proof, as sent and not yet
   * checked; left out when there is none.
   */
  pendingToken?: string;
}

/** Longest user agent kept, in characters. Real ones stay under 300. */
export const USER_AGENT_MAX = 512;

/** For work that no client asked for: the operator's commands and jobs. */
export const NO_CLIENT: ClientInfo = { ip: null, userAgent: null, requestId: null, browserToken: null };
