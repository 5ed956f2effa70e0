import "server-only";
import { clientNetwork, widestNetwork } from "../platform/address";
import type { ClientInfo } from "../platform/client-info";
import { afterCommit, db, type Tx } from "../platform/db";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
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
  "refused-request" | "mail-delayed" | "mail-failed" | "cleaned-up" | "unavailable" | "available" | "error"
>;

/** The events that have rows: the rest tells of a limit, or of an account that is gone. */
export type HistoryEventName = Exclude<
  AuditEventName,
  `${string}-throttled` | "account-lapsed" | "account-erased"
>;

/**
 * The events that somebody can cause again and again: anyone who knows an address of the account, or who has its password or
 * a session. A network has few rows of each in a day, which the history tells as one entry.
 */
const FOLDED = [
  "login-failed",
  "verification-failed",
  "verification-requested",
  "reset-requested",
  "password-proven",
  "login-unverified",
  "login-locked",
  "login-half-done",
  "second-factor-failed",
  "passkey-refused",
  "email-change-requested",
  "data-exported",
  "logout",
  "session-ended",
  "other-sessions-ended",
  "browser-forgotten",
  "session-expired",
] as const satisfies HistoryEventName[];

export type FoldedEventName = (typeof FOLDED)[number];

export function isFolded(event: string): event is FoldedEventName {
  return (FOLDED as readonly string[]).includes(event);
}

/** Events that have a row only when an account exists: written before the answer, the time it takes would tell that. */
const AFTER_ANSWER: ReadonlySet<AuditEventName> = new Set(["login-failed", "reset-requested"]);

/** Events that tell of a limit: with a row for each, a client above its limit could write rows without end. */
const isLineAlone = (event: AuditEventName) => event.endsWith("-throttled");

interface Concerned {
  /** The account an event concerns; null when there is none, or none that is known. */
  userId: string | null;
  /** How a login was proved; see `AuditEvent.how`. */
  how?: string;
}

/**
 * Records that something happened: a line in the log and, when it concerns an account, a row in its history. An event
 * without an account, or of a limit that was met, has no row, and one kind has {@link HISTORY_ROWS_PER_DAY} in a day (UTC): no
 * number of them fills the disk, and none hides another kind. Of what is folded one network has
 * {@link HISTORY_ROWS_PER_NETWORK}, and what comes after these is left out. Any other event always gets its row: above the
 * limit the network that has the most gives one up, so that no flood hides what comes after it or from elsewhere.
 *
 * With `tx` the row belongs to the change it tells of: both are kept or neither, a row that cannot be written throws, and the
 * line is written once the change is committed.
 * Without it a row that cannot be written is left out and the log says so: a login is worth more (ASVS v5.0.0-16.5.2).
 */
export async function record(
  event: AuditEventName,
  { userId, how }: Concerned,
  client: ClientInfo,
  tx?: Tx,
): Promise<void> {
  const { requestId, ip, userAgent } = client;
  const hasRow = userId !== null && !isLineAlone(event);
  const row = hasRow ? { event, userId, at: new Date(), requestId, ip, userAgent, how: how ?? null } : null;
  if (row && tx) await keepIfRoom(row, tx);
  afterCommit(tx ?? db, () =>
    logEvent(event, { requestId, userId, ip, userAgent }, how === undefined ? {} : { how }),
  );
  if (!row || tx) return;

  const keep = () => keepIfRoom(row, db).catch(logError);
  if (!AFTER_ANSWER.has(event) || !defer(keep)) await keep();
}

interface NewRow extends Omit<HistoryRow, "id"> {
  userId: string;
  requestId: string | null;
}

async function keepIfRoom(row: NewRow, tx: Tx): Promise<void> {
  const { event, userId, at, ip } = row;
  const ofDay = await tx.auditEvent.findMany({
    where: { userId, event, at: { gte: new Date(dayOf(at) * DAY_MS) } },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: HISTORY_ROWS_PER_DAY,
    select: { id: true, ip: true },
  });
  const isFull = ofDay.length >= HISTORY_ROWS_PER_DAY;
  if (isFolded(event)) {
    const network = clientNetwork(ip);
    const ofNetwork = ofDay.filter((other) => clientNetwork(other.ip) === network).length;
    if (isFull || ofNetwork >= HISTORY_ROWS_PER_NETWORK) return;
  } else if (isFull) {
    await tx.auditEvent.deleteMany({ where: { id: { in: findSurplus(ofDay) } } });
  }
  await tx.auditEvent.create({ data: row, select: { id: true } });
}

/**
 * Of a day's rows of one kind, the newest first, the id of the one to give up for another: the last but one of the network that has the most.
 * So the first ones stay, and the last two, by which a login tells of the one before it.
 */
function findSurplus(rows: Pick<HistoryRow, "id" | "ip">[]): string[] {
  const byNetwork = new Map<string | null, typeof rows>();
  for (const row of rows) {
    const network = widestNetwork(row.ip);
    byNetwork.set(network, [...(byNetwork.get(network) ?? []), row]);
  }
  const [most = []] = [...byNetwork.values()].sort((a, b) => b.length - a.length);
  const surplus = most[1] ?? rows[1];
  return surplus ? [surplus.id] : [];
}

/** The day of a moment, since 1970, in UTC: rows are counted and told by it. */
export function dayOf(at: Date): number {
  return Math.floor(at.getTime() / DAY_MS);
}

/** A row of an account's history. */
export interface HistoryRow {
  id: string;
  at: Date;
  /** A name from {@link HistoryEventName}; a former release may have had others. */
  event: string;
  ip: string | null;
  userAgent: string | null;
  /** How a login was proved; null where it is none, or not known. */
  how: string | null;
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
      select: { id: true, at: true, event: true, ip: true, userAgent: true, how: true },
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

/** Deletes what is older than {@link AUDIT_RETENTION_MS}. Answers how many. */
export function purgeAuditEvents(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = { at: { lt: new Date(now - AUDIT_RETENTION_MS) } };
  return inBatches((limit) => db.auditEvent.deleteMany({ where, limit }), pace);
}

/** What names nobody, and leads to nobody by another row or by a line of the log. */
const ANONYMOUS = { userId: null, ip: null, userAgent: null, requestId: null } as const;

/**
 * Makes the history of an account anonymous, before the account is deleted: what happened and when is all that stays.
 * @param isDue asked before each batch, in its transaction, which holds the account: one that its owner keeps meanwhile keeps
 *   its history
 * @returns false when it was told to stop before the end, or the account is not due: then the account must stay, by which the
 *   rest is found
 */
export async function anonymizeHistory(
  userId: string,
  isDue: (tx: Tx) => Promise<boolean>,
  pace: Pace,
): Promise<boolean> {
  let isDone = true;
  await inBatches(
    (limit) =>
      db.$transaction(async (tx) => {
        isDone = await isDue(tx);
        return isDone
          ? tx.auditEvent.updateMany({ where: { userId }, data: ANONYMOUS, limit })
          : { count: 0 };
      }),
    async () => {
      isDone = await pace();
      return isDone;
    },
  );
  return isDone;
}

/**
 * The same at once, for an account that is somebody else's from now on: they read nothing of who had it before, not for a moment.
 * So it goes without batches, in a transaction of 5 s at most: 100,000 rows take 0.4 s on SQLite and 0.7 s on PostgreSQL (two
 * cores), and a kind has 36,500 in a year at most ({@link HISTORY_ROWS_PER_DAY}).
 */
export async function disownHistory(userId: string, tx: Tx): Promise<void> {
  await tx.auditEvent.updateMany({ where: { userId }, data: ANONYMOUS });
}

/** The same for rows that were written while their account was being deleted, which is before the next clean-up. */
export async function anonymizeLateRows(now: number, pace: Pace): Promise<void> {
  const { userId, ...rest } = ANONYMOUS;
  const names = Object.keys(rest).map((column) => ({ [column]: { not: null } }));
  const where = { userId, at: { gt: new Date(now - DAY_MS) }, OR: names };
  await inBatches((limit) => db.auditEvent.updateMany({ where, data: ANONYMOUS, limit }), pace);
}
