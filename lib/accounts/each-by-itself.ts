import "server-only";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { logError } from "../platform/log";

/**
 * Does something for one after the other, and goes on where that fails: one that can never be done keeps none behind it
 * waiting. Each failure is logged. A database that is away ends it at once.
 * @param work answers false to stop
 * @throws the first failure, once all the others are done
 */
export async function eachByItself<T>(
  items: readonly T[],
  work: (item: T) => Promise<boolean>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    const goesOn = await work(item).catch((error: unknown) => {
      if (isDatabaseUnavailable(error)) throw error;
      logError(error);
      failures.push(error);
      return true;
    });
    if (!goesOn) break;
  }
  if (failures.length > 0) throw failures[0];
}
