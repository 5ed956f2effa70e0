import { z } from "zod";

/**
 * What the middleware tells the pages behind it, in one request header. Middleware drops whatever a visitor sends under
 * this prefix, and its matcher sends every request that carries the header through it.
 */
export const INTERNAL_PREFIX = "x-latchkey-";

/** The matcher of middleware.ts repeats this name, because Next reads the matcher without running it. */
export const PAGE_REQUEST = `${INTERNAL_PREFIX}request`;

/** Next sets it when it sends an action on to itself, for a page that has it. */
export const FORWARDED_ACTION = "x-action-forwarded";

/** Next's script sets it when it sends a form to its action; a plain form post does not have it. */
export const ACTION_HEADER = "next-action";

/** By which Next's script learns that there is no such action. */
export const ACTION_NOT_FOUND = "x-nextjs-action-not-found";

/** The status that the middleware wants a page to have, in its answer: it does not reach the visitor. */
export const ANSWER_STATUS = `${INTERNAL_PREFIX}status`;

const pageRequest = z.object({
  requestId: z.string(),
  path: z.string(),
  flash: z.string().nullable(),
  isShown: z.boolean(),
  adoptsBrowser: z.boolean(),
  typed: z.record(z.string(), z.string()).nullable(),
  codes: z.string().nullable(),
});

export interface PageRequest {
  requestId: string;
  /** Path and query as they were requested: a page cannot see its own address. */
  path: string;
  /** The flash cookie, where this page shows its message; else null. */
  flash: string | null;
  /** True when a person is about to see this page. */
  isShown: boolean;
  /** True when this answer gives the browser its known-browser cookie, by its session. */
  adoptsBrowser: boolean;
  /** What was typed into a page that is out of date, for this one to show; else null. */
  typed: Record<string, string> | null;
  /** Recovery codes for this page to show, encrypted; else null. */
  codes: string | null;
}

export function writePageRequest(headers: Headers, request: PageRequest): void {
  headers.set(PAGE_REQUEST, encodeURIComponent(JSON.stringify(request)));
}

/** What was read of the headers of a request: its page asks a dozen times. */
const known = new WeakMap<object, PageRequest | null>();

/** Null where the middleware did not run, as for routes that an app adds below /api, whatever a visitor sends instead. */
export function readPageRequest(headers: Pick<Headers, "get">): PageRequest | null {
  const before = known.get(headers);
  if (before !== undefined) return before;
  const request = parse(headers.get(PAGE_REQUEST) ?? "");
  known.set(headers, request);
  return request;
}

function parse(text: string): PageRequest | null {
  try {
    return pageRequest.parse(JSON.parse(decodeURIComponent(text)));
  } catch {
    return null;
  }
}
