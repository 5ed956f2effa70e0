/**
 * What the middleware tells the pages behind it, in one request header. Middleware drops whatever a visitor sends under
 * this prefix, and its matcher sends every request that carries the header through it.
 */
export const INTERNAL_PREFIX = "x-latchkey-";

/** The name, written out once more in the matcher of middleware.ts: Next reads that without running it. */
const PAGE_REQUEST = `${INTERNAL_PREFIX}request`;

/** Set by Next's script when it, and not the browser, sends a form to its action. */
export const ACTION_HEADER = "next-action";

export interface PageRequest {
  requestId: string;
  /** Path and query as they were asked for: a page cannot see its own address. */
  path: string;
  /** The key of the flash message this page shows; null when there is none. */
  flash: string | null;
}

export function writePageRequest(headers: Headers, request: PageRequest): void {
  headers.set(PAGE_REQUEST, encodeURIComponent(JSON.stringify(request)));
}

/** Null where the middleware does not run: routes of one's own below /api. */
export function readPageRequest(headers: Pick<Headers, "get">): PageRequest | null {
  const text = headers.get(PAGE_REQUEST);
  return text === null ? null : (JSON.parse(decodeURIComponent(text)) as PageRequest);
}
