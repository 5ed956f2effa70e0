import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { defer } from "../platform/defer";
import { type EventName, logError, logEvent } from "../platform/log";

/** How long an account's history goes back, in milliseconds: a year, so that a rare login is still in it. */
export const AUDIT_RETENTION_MS = 365 * 24 * 60 * 60 * 1000;

/** The events that happen to accounts; the rest of the list in `log.ts` is the server's own. */
export type AuditEventName = Exclude<
  EventName,
  "refused-request" | "mail-delayed" | "mail-failed" | "unavailable" | "error"
>;

/** What leaves a row only where it hit somebody: written before the answer, the clock would tell that it did. */
const AFTER_ANSWER: ReadonlySet<AuditEventName> = new Set(["login-failed", "reset-requested"]);

/** Whom an event concerns; null when that is nobody, or nobody knows. */
interface Concerned {
  userId: string | null;
}

/**
 * Notes that something happened: a line in the log and, when it concerns someone, a row in their history. What concerns
 * nobody has no row, so that a flood of it fills no disk.
 *
 * With `tx` the row belongs to the change it tells of: both are kept or neither, and a row that cannot be written throws.
 * Without it a login is worth more than its row: that one is missed, which the log says (ASVS v5.0.0-16.5.2).
 */
export async function record(
  event: AuditEventName,
  { userId }: Concerned,
  client: ClientInfo,
  tx?: Tx,
): Promise<void> {
  const { requestId, ip, userAgent } = client;
  const row = userId === null ? null : { event, userId, at: new Date(), requestId, ip, userAgent };
  if (row && tx) await tx.auditEvent.create({ data: row, select: { id: true } });
  logEvent(event, { requestId, userId, ip, userAgent });
  if (!row || tx) return;

  const keep = () => db.auditEvent.create({ data: row, select: { id: true } }).then(() => {}, logError);
  if (!AFTER_ANSWER.has(event) || !defer(keep)) await keep();
}

/** Forgets what is older than {@link AUDIT_RETENTION_MS}. */
export async function purgeAuditEvents(now = Date.now()): Promise<void> {
  await db.auditEvent.deleteMany({ where: { at: { lt: new Date(now - AUDIT_RETENTION_MS) } } });
}
