import "server-only";
import { isDatabaseUnavailable } from "./db/errors";
import { logError } from "./log";
import { HashQueueFullError } from "./password";
import { replyUnavailable } from "./reply";

/** When to try again after the database was out of reach, in seconds. */
const DATABASE_RETRY_S = 5;

/**
 * True when `error` means "not now" and nothing worse: the database is out of reach or every hasher has a full queue.
 * The answer under way then says 503 with Retry-After, and the log has a line.
 */
export function noteUnavailable(error: unknown): boolean {
  if (error instanceof HashQueueFullError) replyUnavailable(error.retryAfterSeconds);
  else if (isDatabaseUnavailable(error)) replyUnavailable(DATABASE_RETRY_S);
  else return false;
  logError(error);
  return true;
}
