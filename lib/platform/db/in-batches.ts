import "server-only";

/** Rows that one statement of a long work changes at most: it holds its locks for some milliseconds. */
export const BATCH_ROWS = 500;

/** Asked between two batches, and waits a little. False: stop here. */
export type Pace = () => Promise<boolean>;

/** Without a pause, to the end. */
export const atOnce: Pace = async () => true;

/**
 * Repeats a statement that changes up to so many rows and finds none of them again, until it finds fewer: others get their
 * turn in between.
 * @returns how many rows were changed
 */
export async function inBatches(
  change: (limit: number) => Promise<{ count: number }>,
  pace: Pace,
): Promise<number> {
  for (let total = 0; ; ) {
    const { count } = await change(BATCH_ROWS);
    total += count;
    if (count < BATCH_ROWS || !(await pace())) return total;
  }
}
