/** Headers from our server to our pages. It drops any that a visitor sends. */
export const INTERNAL_PREFIX = "x-latchkey-";

/** The address of the connection, set by the server. */
export const CLIENT_ADDRESS = `${INTERNAL_PREFIX}client-address`;

/** Path and query asked for, as they were sent: a page cannot see its own address, and Next writes it anew on the way. */
export const PAGE_PATH = `${INTERNAL_PREFIX}path`;

/** Set by Next's script when it, and not the browser, sends a form to its action. */
export const ACTION_HEADER = "next-action";
