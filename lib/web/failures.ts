import { isDatabaseUnavailable } from "../platform/db/errors";
import { isNewError, logError, logRefusedForm } from "../platform/log";
import { currentRequestContext } from "../platform/request-context";
import { isUnreadForm, markUnavailable } from "./answer";

/** When to try again after the database was out of reach, in seconds. */
const DATABASE_RETRY_S = 5;

/** How long to wait, in seconds, where `error` means "not now" and nothing worse; null for every other error. */
export function retryAfterOf(error: unknown): number | null {
  if (isDatabaseUnavailable(error)) return DATABASE_RETRY_S;
  return isHashQueueFull(error) ? error.retryAfterSeconds : null;
}

/**
 * Handles what means "not now": the log gets a line, and the answer under way says 503 with Retry-After where our own
 * server writes it.
 * @returns false for every other error, of which nothing is said yet
 */
export function reportUnavailable(error: unknown): boolean {
  const retryAfterSeconds = retryAfterOf(error);
  if (retryAfterSeconds === null) return false;
  markUnavailable(retryAfterSeconds);
  logError(error);
  return true;
}

/** Writes the line of whatever was thrown while a request was answered, and marks its answer. */
export function reportFailure(error: unknown, more: Record<string, unknown> = {}): void {
  const request = currentRequestContext();
  // What Next throws over a form it could not read is its sender's doing; the stack would only fill the log.
  if (request && isUnreadForm(request)) {
    if (isNewError(error)) logRefusedForm(400, "What was sent is no form.");
  } else if (!reportUnavailable(error)) logError(error, more);
}

/** By name: another bundle has another class of this name. */
function isHashQueueFull(error: unknown): error is Error & { retryAfterSeconds: number } {
  return error instanceof Error && error.name === "HashQueueFullError" && "retryAfterSeconds" in error;
}
