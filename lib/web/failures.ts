import type { Instrumentation } from "next";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { isNewError, logError, logRefusedForm, pathOf } from "../platform/log";
import { currentRequestContext, withRequestContext } from "../platform/request-context";
import { isUnreadForm, markUnavailable } from "./answer";
import { readPageRequest } from "./internal-headers";

/** A request as Next's `onRequestError` describes it. */
type FailedRequest = Readonly<Parameters<Instrumentation.onRequestError>[1]>;

/** When to try again after the database was unavailable, in seconds. */
const DATABASE_RETRY_S = 5;

/** How long to wait, in seconds, after an error that may pass by itself; null for every other error. */
export function retryAfterOf(error: unknown): number | null {
  if (isDatabaseUnavailable(error)) return DATABASE_RETRY_S;
  return isHashQueueFull(error) ? error.retryAfterSeconds : null;
}

/**
 * Handles an error that may pass by itself: the log gets a line, and our own server answers 503 with Retry-After.
 * @returns false for every other error, which is left alone
 */
export function reportUnavailable(error: unknown): boolean {
  const retryAfterSeconds = retryAfterOf(error);
  if (retryAfterSeconds === null) return false;
  markUnavailable(retryAfterSeconds);
  logError(error);
  return true;
}

/** Logs what was thrown while a request was answered, and marks its answer. */
export function reportFailure(error: unknown, more: Record<string, unknown> = {}): void {
  const request = currentRequestContext();
  // Next throws over a form it cannot read; that is the sender's fault, and the stack would only fill the log.
  if (request && isUnreadForm(request)) {
    if (isNewError(error)) logRefusedForm(400, "What was sent is no form.");
  } else if (!reportUnavailable(error)) logError(error, more);
}

/**
 * The same for what Next hands on with the request it came of; under another server than ours nothing else names it.
 */
export function reportRequestFailure(error: unknown, { method, path, headers }: FailedRequest): void {
  if (currentRequestContext()) {
    reportFailure(error);
    return;
  }
  const get = (name: string) => headers[name]?.toString() ?? null;
  const requestId = readPageRequest({ get })?.requestId;
  const report = () => reportFailure(error);
  if (requestId === undefined) report();
  else withRequestContext({ requestId, ip: null, method, path: pathOf(path) }, report);
}

/** By name: another bundle has another class of this name. */
function isHashQueueFull(error: unknown): error is Error & { retryAfterSeconds: number } {
  return error instanceof Error && error.name === "HashQueueFullError" && "retryAfterSeconds" in error;
}
