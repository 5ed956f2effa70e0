import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { afterCommit, db, type Tx } from "../platform/db";
import { defer } from "../platform/defer";
import { type EventName, logError, logEvent } from "../platform/log";
import { HISTORY_ROWS_PER_DAY } from "../shared/limits";
import { DAY_MS } from "../shared/units";

/** How long an account's history goes back, in milliseconds: a year, so that a rare login is still in it. */
export const AUDIT_RETENTION_MS = 365 * DAY_MS;

/** The events that happen to accounts; the rest of the list in `log.ts` is the server's own. */
export type AuditEventName = Exclude<
  EventName,
  "refused-request" | "mail-delayed" | "mail-failed" | "unavailable" | "available" | "error"
>;

/** Events that have a row only when an account exists: written before the answer, the time it takes would tell that. */
const AFTER_ANSWER: ReadonlySet<AuditEventName> = new Set(["login-failed", "reset-requested"]);

/** Events that tell of a limit: with a row for each, a client above its limit could write rows without end. */
const isLineAlone = (event: AuditEventName) => event.endsWith("-throttled");

/** The account an event concerns; null when there is none, or none that is known. */
interface Concerned {
  userId: string | null;
}

/**
 * Records that something happened: a line in the log and, when it concerns an account, a row in its history. An event
 * without an account, or of a limit that was met, has no row, and one kind has {@link HISTORY_ROWS_PER_DAY} in a day: no
 * number of them fills the disk, and none hides another kind.
 *
 * With `tx` the row belongs to the change it tells of: both are kept or neither, a row that cannot be written throws, and the
 * line is written once the change is committed.
 * Without it a row that cannot be written is left out and the log says so: a login is worth more (ASVS v5.0.0-16.5.2).
 */
export async function record(
  event: AuditEventName,
  { userId }: Concerned,
  client: ClientInfo,
  tx?: Tx,
): Promise<void> {
  const { requestId, ip, userAgent } = client;
  const hasRow = userId !== null && !isLineAlone(event);
  const row = hasRow ? { event, userId, at: new Date(), requestId, ip, userAgent } : null;
  if (row && tx) await tx.auditEvent.create({ data: row, select: { id: true } });
  afterCommit(tx ?? db, () => logEvent(event, { requestId, userId, ip, userAgent }));
  if (!row || tx) return;

  const keep = () => keepIfRoom(row).catch(logError);
  if (!AFTER_ANSWER.has(event) || !defer(keep)) await keep();
}

async function keepIfRoom(
  row: { event: string; userId: string; at: Date } & Record<string, unknown>,
): Promise<void> {
  const { event, userId, at } = row;
  const today = { userId, at: { gt: new Date(at.getTime() - DAY_MS) }, event };
  if ((await db.auditEvent.count({ where: today })) >= HISTORY_ROWS_PER_DAY) return;
  await db.auditEvent.create({ data: row, select: { id: true } });
}

/** Deletes what is older than {@link AUDIT_RETENTION_MS}. */
export async function purgeAuditEvents(now = Date.now()): Promise<void> {
  await db.auditEvent.deleteMany({ where: { at: { lt: new Date(now - AUDIT_RETENTION_MS) } } });
}
