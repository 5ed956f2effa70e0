import "server-only";
import { clientNetwork } from "../platform/address";
import type { ClientInfo } from "../platform/client-info";
import { afterCommit, db, type Tx } from "../platform/db";
import { defer } from "../platform/defer";
import type { EventName } from "../platform/events";
import { logError, logEvent } from "../platform/log";
import { HISTORY_ROWS_PER_DAY, HISTORY_ROWS_PER_NETWORK } from "../shared/limits";
import { DAY_MS } from "../shared/units";

/** How long an account's history goes back, in milliseconds: a year, so that a rare login is still in it. */
export const AUDIT_RETENTION_MS = 365 * DAY_MS;

/** The events that happen to accounts; the rest of the list in `log.ts` is the server's own. */
export type AuditEventName = Exclude<
  EventName,
  "refused-request" | "mail-delayed" | "mail-failed" | "unavailable" | "available" | "error"
>;

/** The events that have rows: the rest tells of a limit, or of an account that is gone. */
export type HistoryEventName = Exclude<AuditEventName, `${string}-throttled` | "account-lapsed">;

/** The events that anyone can cause who knows an address of the account: the history folds them. */
const CAUSED_BY_ANYONE = [
  "login-failed",
  "verification-failed",
  "verification-requested",
  "reset-requested",
] as const satisfies HistoryEventName[];

export type AnyonesEventName = (typeof CAUSED_BY_ANYONE)[number];

export function isCausedByAnyone(event: string): event is AnyonesEventName {
  return (CAUSED_BY_ANYONE as readonly string[]).includes(event);
}

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
 * number of them fills the disk, and none hides another kind. Of what anyone can cause one network has
 * {@link HISTORY_ROWS_PER_NETWORK}: it hides no other network.
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
  row: { event: string; userId: string; at: Date; ip: string | null } & Record<string, unknown>,
): Promise<void> {
  const { event, userId, at, ip } = row;
  const kept = await db.auditEvent.findMany({
    where: { userId, at: { gt: new Date(at.getTime() - DAY_MS) }, event },
    take: HISTORY_ROWS_PER_DAY,
    select: { ip: true },
  });
  if (kept.length >= HISTORY_ROWS_PER_DAY) return;
  const network = clientNetwork(ip);
  const ofNetwork = kept.filter((other) => clientNetwork(other.ip) === network).length;
  if (isCausedByAnyone(event) && ofNetwork >= HISTORY_ROWS_PER_NETWORK) return;
  await db.auditEvent.create({ data: row, select: { id: true } });
}

/** A row of an account's history. */
export interface HistoryRow {
  id: string;
  at: Date;
  /** A name from {@link HistoryEventName}; a former release may have had others. */
  event: string;
  ip: string | null;
  userAgent: string | null;
}

/** Between which rows a reader stands: before the one with this id, or where none is named before all of that moment. */
export interface HistoryPosition {
  at: Date;
  id?: string;
}

/** Rows read at once. */
const ROWS_AT_ONCE = 200;

/** The rows of an account's history before this position, the newest first; null: all. */
export async function* historyRows(
  userId: string,
  before: HistoryPosition | null,
): AsyncGenerator<HistoryRow, void> {
  for (let position = before; ; ) {
    const rows = await db.auditEvent.findMany({
      where: { userId, ...(position && whereBefore(position)) },
      orderBy: [{ at: "desc" }, { id: "desc" }],
      take: ROWS_AT_ONCE,
      select: { id: true, at: true, event: true, ip: true, userAgent: true },
    });
    yield* rows;
    position = rows.at(-1) ?? null;
    if (position === null || rows.length < ROWS_AT_ONCE) return;
  }
}

/** The first condition is the one that the index on account and moment answers. */
function whereBefore({ at, id }: HistoryPosition) {
  return id === undefined
    ? { at: { lt: at } }
    : { at: { lte: at }, OR: [{ at: { lt: at } }, { id: { lt: id } }] };
}

/** Deletes what is older than {@link AUDIT_RETENTION_MS}. */
export async function purgeAuditEvents(now = Date.now()): Promise<void> {
  await db.auditEvent.deleteMany({ where: { at: { lt: new Date(now - AUDIT_RETENTION_MS) } } });
}
