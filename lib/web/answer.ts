import { currentRequestContext, type RequestContext } from "../platform/request-context";

/**
 * What an answer should say beyond what Next lets a page, an action or next-auth say. Our own server (`lib/server/`) writes
 * it into the answer and other servers leave it out, so no guard may depend on it.
 */
export interface AnswerMarks {
  /** The status in place of 200 or 500. */
  status?: 500 | 503;
  /** The wait until a retry, in seconds. */
  retryAfterSeconds?: number;
  /** Set once a form has reached an action of ours. Before that, only Next has read it. */
  hasForm?: true;
}

// Next bundles this file apart from the server that reads the marks; the one thing they share is globalThis.
const shared = globalThis as { latchkeyAnswers?: WeakMap<RequestContext, AnswerMarks> };
shared.latchkeyAnswers ??= new WeakMap();
const answers = shared.latchkeyAnswers;

/** The marks of the answer to a request. */
export function answerMarks(request: RequestContext): AnswerMarks {
  const known = answers.get(request);
  if (known) return known;
  const marks = {};
  answers.set(request, marks);
  return marks;
}

function mark(marks: AnswerMarks): void {
  const request = currentRequestContext();
  if (request) Object.assign(answerMarks(request), marks);
}

/** Notes that a form has reached its action: a failure from here on is ours. */
export function markForm(): void {
  mark({ hasForm: true });
}

/** Makes the answer say how long to wait; its status stays. */
export function markRetryAfter(retryAfterSeconds: number): void {
  mark({ retryAfterSeconds });
}

/** Makes the answer a 503 that says when to try again, in seconds. */
export function markUnavailable(retryAfterSeconds: number): void {
  mark({ status: 503, retryAfterSeconds });
}

/**
 * True for a form that no action of ours has received. If its answer fails, Next could not read what was sent: no page is
 * made before its action has run. Routes below /api read their bodies themselves.
 */
export function isUnreadForm(request: RequestContext): boolean {
  return request.method === "POST" && !request.path.startsWith("/api/") && !answerMarks(request).hasForm;
}
