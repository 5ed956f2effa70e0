/** Headers from our server and middleware to our pages. The server drops any that a visitor sends. */
export const INTERNAL_PREFIX = "x-latchkey-";

/** The address of the connection, set by the server. */
export const CLIENT_ADDRESS = `${INTERNAL_PREFIX}client-address`;

/** Path and query of the page asked for, set by the middleware: a page cannot see its own address. */
export const PAGE_PATH = `${INTERNAL_PREFIX}path`;
