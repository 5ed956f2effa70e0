import "server-only";
import { db } from "../platform/db";
import { BATCH_ROWS, type Pace } from "../platform/db/in-batches";
import { canonical } from "../shared/canonical";
import { recipientHashes } from "./recipient";
import { openEmail } from "./sealed-email";

/** Most emails that are opened to list those to one address: of a release before the column any may be one of them. */
const LOOKED_THROUGH_MAX = 1_000;

/** What waits to leave for an address, the latest first, without its text: that may have a secret. */
export async function waitingEmailsTo(
  emailCanonical: string,
): Promise<{ to: string; subject: string; createdAt: Date; dueAt: Date; expiresAt: Date }[]> {
  const rows = await db.outboxEmail.findMany({
    where: { OR: [{ recipientHash: { in: recipientHashes(emailCanonical) } }, { recipientHash: null }] },
    orderBy: { createdAt: "desc" },
    take: LOOKED_THROUGH_MAX,
  });
  return rows.flatMap(({ createdAt, dueAt, ...row }) => {
    const email = openEmail(row);
    if (!email || canonical(email.to) !== emailCanonical) return [];
    return [{ to: email.to, subject: email.subject, createdAt, dueAt, expiresAt: email.expiresAt }];
  });
}

/**
 * Takes back what waits for these canonical addresses since before a moment. What was sealed with another secret cannot be told,
 * and goes when it is too late to be sent.
 * @returns false when it was told to stop before the end
 */
export async function withdrawEmailsTo(addresses: string[], before: Date, pace: Pace): Promise<boolean> {
  // A command need not know the secret by which they are found where nothing waits.
  const any = { where: { id: { gt: "" } }, orderBy: { id: "asc" }, select: { id: true } } as const;
  if (!(await db.outboxEmail.findFirst(any))) return true;
  const theirs = { in: addresses.flatMap(recipientHashes) };
  await db.outboxEmail.deleteMany({ where: { recipientHash: theirs, createdAt: { lt: before } } });
  return withdrawUnhashed(new Set(addresses), before, pace);
}

/** The same among those that a release before the column has written, each of which is opened. */
async function withdrawUnhashed(theirs: Set<string>, before: Date, pace: Pace): Promise<boolean> {
  for (let last = ""; ; ) {
    const rows = await db.outboxEmail.findMany({
      where: { recipientHash: null, id: { gt: last }, createdAt: { lt: before } },
      orderBy: { id: "asc" },
      take: BATCH_ROWS,
    });
    const ids = rows.filter((row) => theirs.has(canonical(openEmail(row)?.to ?? ""))).map(({ id }) => id);
    if (ids.length > 0) await db.outboxEmail.deleteMany({ where: { id: { in: ids } } });
    last = rows.at(-1)?.id ?? "";
    if (rows.length < BATCH_ROWS) return true;
    if (!(await pace())) return false;
  }
}
