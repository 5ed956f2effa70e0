import "server-only";
import { db } from "../platform/db";
import { BATCH_ROWS, type Pace } from "../platform/db/in-batches";
import { canonical } from "../shared/schemas";
import { open } from "./outbox";

/**
 * Takes back what waits for addresses whose accounts are gone: each canonical address with the moment from which on it may be
 * another's. All that waits is looked through, once for all of them. What was sealed with another secret cannot be told, and
 * goes when it is too late to be sent.
 */
export async function withdrawEmailsTo(addresses: ReadonlyMap<string, Date>, pace: Pace): Promise<void> {
  let last = "";
  for (let isMore = addresses.size > 0; isMore; ) {
    const rows = await db.outboxEmail.findMany({
      where: { id: { gt: last } },
      orderBy: { id: "asc" },
      take: BATCH_ROWS,
    });
    const isTheirs = (row: (typeof rows)[number]) => {
      const until = addresses.get(canonical(open(row)?.to ?? ""));
      return until !== undefined && row.createdAt < until;
    };
    const ids = rows.filter(isTheirs).map(({ id }) => id);
    if (ids.length > 0) await db.outboxEmail.deleteMany({ where: { id: { in: ids } } });
    last = rows.at(-1)?.id ?? "";
    isMore = rows.length === BATCH_ROWS && (await pace());
  }
}
