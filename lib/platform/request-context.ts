import { AsyncLocalStorage } from "node:async_hooks";

/**
 * One request as the server saw it arrive, and what its answer shall carry beyond what Next lets a page say: a status in
 * place of 200 or 500, the wait until a retry, cookies set while a page was only being read. The server adds it on the
 * way out.
 */
export interface Reply {
  requestId: string;
  /** The client's address; null when it is unknown. */
  ip: string | null;
  method: string;
  /** What was asked for, without its query, as the log has it. */
  path: string;
  /** A person is about to see this page: no data behind a page, no form's answer, nothing fetched on a guess. */
  isPageLoad: boolean;
  status?: 500 | 503;
  /** A form has reached an action of ours. Until then Next alone was at work on it, see {@link isUnreadForm}. */
  hasForm?: true;
  retryAfterSeconds?: number;
  /** Whole `Set-Cookie` lines. */
  setCookies: string[];
  /** The same, for an answer that shows a page: left out when it turns out to be a redirect. */
  pageCookies: string[];
  /** What is done once the answer is out, so that its time tells nothing. It does not throw. */
  afterwards: (() => Promise<void>)[];
}

// Next bundles this file apart from the server that fills it in; the one thing they share is globalThis.
const shared = globalThis as { latchkeyReply?: AsyncLocalStorage<Reply> };
shared.latchkeyReply ??= new AsyncLocalStorage<Reply>();
const storage = shared.latchkeyReply;

/** Runs `handle` with `reply` as the answer that {@link currentReply} finds. */
export function withReply<T>(reply: Reply, handle: () => T): T {
  return storage.run(reply, handle);
}

/** The answer under way; null outside a request or under a server that is not ours. */
export function currentReply(): Reply | null {
  return storage.getStore() ?? null;
}

/** Notes that a form has arrived where it was meant to: from here on a failure is ours. */
export function replyHasForm(): void {
  const reply = currentReply();
  if (reply) reply.hasForm = true;
}

/**
 * True for a form that no action of ours has seen. If its answer fails, then because Next could not make sense of what
 * was sent: no page is made before its action has run. Routes below /api read their bodies themselves.
 */
export function isUnreadForm({ method, path, hasForm }: Reply): boolean {
  return method === "POST" && !path.startsWith("/api/") && !hasForm;
}

/** Makes the answer say how long to wait; its status stays. */
export function replyRetryAfter(retryAfterSeconds: number): void {
  const reply = currentReply();
  if (reply) reply.retryAfterSeconds = retryAfterSeconds;
}

/** Makes the answer say that the fault is ours, whatever whoever caught the error makes of it. */
export function replyBroken(): void {
  const reply = currentReply();
  if (reply) reply.status ??= 500;
}

/** Makes the answer say that it could not be given yet, and to ask again after so many seconds. */
export function replyUnavailable(retryAfterSeconds: number): void {
  const reply = currentReply();
  if (reply) Object.assign(reply, { status: 503, retryAfterSeconds } satisfies Partial<Reply>);
}
