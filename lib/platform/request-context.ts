import { AsyncLocalStorage } from "node:async_hooks";

/** One request as it arrived. Read-only: it names the request in the log, and keeps nothing about the answer. */
export interface RequestContext {
  readonly requestId: string;
  /** The client's address; null when it is unknown. */
  readonly ip: string | null;
  readonly method: string;
  /** The path, without its query: a query may carry secrets. */
  readonly path: string;
}

// Next bundles this file more than once, and our own server loads it beside those; globalThis is what they share.
const shared = globalThis as { latchkeyRequest?: AsyncLocalStorage<RequestContext> };
shared.latchkeyRequest ??= new AsyncLocalStorage<RequestContext>();
const storage = shared.latchkeyRequest;

/** Runs `handle` with `context` as the one that {@link currentRequestContext} answers. */
export function withRequestContext<T>(context: RequestContext, handle: () => T): T {
  return storage.run(context, handle);
}

/** The current request; null outside a request, and where neither our own server nor an action has set one. */
export function currentRequestContext(): RequestContext | null {
  return storage.getStore() ?? null;
}
