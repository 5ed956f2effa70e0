import "server-only";
import { db } from "../platform/db";
import { BATCH_ROWS, type Pace } from "../platform/db/in-batches";
import { canonical } from "../shared/schemas";
import { open } from "./outbox";

/**
 * Takes back what waits for these canonical addresses since before a moment. What was sealed with another secret cannot be told,
 * and goes when it is too late to be sent.
 * @returns false when it was told to stop before the end
 */
export async function withdrawEmailsTo(addresses: string[], before: Date, pace: Pace): Promise<boolean> {
  const theirs = new Set(addresses);
  for (let last = ""; ; ) {
    const rows = await db.outboxEmail.findMany({
      where: { id: { gt: last }, createdAt: { lt: before } },
      orderBy: { id: "asc" },
      take: BATCH_ROWS,
    });
    const ids = rows.filter((row) => theirs.has(canonical(open(row)?.to ?? ""))).map(({ id }) => id);
    if (ids.length > 0) await db.outboxEmail.deleteMany({ where: { id: { in: ids } } });
    last = rows.at(-1)?.id ?? "";
    if (rows.length < BATCH_ROWS) return true;
    if (!(await pace())) return false;
  }
}
