import "server-only";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { logError } from "../platform/log";
import { replyUnavailable } from "../platform/request-context";
import { HashQueueFullError } from "../security/passwords/password";

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
