import "server-only";
import { clientNetwork } from "../platform/address";
import { derivedKey, derivedKeys } from "../platform/crypto/derived-key";
import { seal, unseal } from "../platform/crypto/seal";
import { describeBrowser } from "../platform/user-agent";
import { dayOf, type HistoryRow, historyRows, isFolded } from "../security/audit";
import { csvLine } from "../shared/csv";
import { HISTORY_ROWS_PER_DAY, HISTORY_ROWS_PER_NETWORK } from "../shared/limits";
import { DAY_MS } from "../shared/units";
import { describeEvent, describeProof } from "./history-words";

/** Entries on one page of an account's history. */
export const HISTORY_PAGE = 25;

/** What an owner reads as one: an event, or a day's events of one kind that one network has caused. */
export interface HistoryEntry extends HistoryRow {
  /** How many rows there are; of several the newest is told. */
  count: number;
  /** True where there may have been more events than rows. */
  isMore: boolean;
}

export interface HistoryPage {
  /** The newest first. */
  entries: HistoryEntry[];
  /** True for the page with the newest. */
  isFirst: boolean;
  /** The cursor of the page with older ones; null: there are none. */
  older: string | null;
}

/**
 * One page of an account's history. What somebody can cause again and again is folded by network and day (in UTC): strangers
 * who guess passwords push nothing out of sight, nor does a thief who has a session.
 * @param cursor from a page before this one; anything else, that of another account too, means the first page
 */
export async function readHistory(userId: string, cursor: unknown): Promise<HistoryPage> {
  const from = openCursor(userId, cursor);
  const entries: HistoryEntry[] = [];
  for await (const entry of entriesOf(userId, from)) {
    if (from === null || isOlder(entry, from)) entries.push(entry);
    if (entries.length > HISTORY_PAGE) break;
  }
  const page = entries.slice(0, HISTORY_PAGE);
  const last = page.at(-1);
  const hasMore = entries.length > HISTORY_PAGE && last !== undefined;
  return { entries: page, isFirst: from === null, older: hasMore ? makeCursor(userId, last) : null };
}

/** Where a page ended. */
type Place = Pick<HistoryRow, "at" | "id">;

/** From the day of `from` on, that day as a whole: what is told as one is counted to its end. */
async function* entriesOf(userId: string, from: Place | null): AsyncGenerator<HistoryEntry, void> {
  let ofDay: HistoryEntry[] = [];
  for await (const row of historyRows(userId, from && { at: new Date((dayOf(from.at) + 1) * DAY_MS) })) {
    if (ofDay[0] && dayOf(ofDay[0].at) !== dayOf(row.at)) {
      yield* withMore(ofDay);
      ofDay = [];
    }
    const like = isFolded(row.event) && ofDay.find((entry) => isAlike(entry, row));
    if (like) like.count += 1;
    else ofDay.push({ ...row, count: 1, isMore: false });
  }
  yield* withMore(ofDay);
}

function isAlike(entry: HistoryRow, row: HistoryRow): boolean {
  return entry.event === row.event && clientNetwork(entry.ip) === clientNetwork(row.ip);
}

/** Marks the entries of a day whose network, or whose kind, had no room for more rows. */
function withMore(ofDay: HistoryEntry[]): HistoryEntry[] {
  const ofKind = new Map<string, number>();
  for (const { event, count } of ofDay) ofKind.set(event, (ofKind.get(event) ?? 0) + count);
  return ofDay.map((entry) => {
    const isFull =
      entry.count >= HISTORY_ROWS_PER_NETWORK || (ofKind.get(entry.event) ?? 0) >= HISTORY_ROWS_PER_DAY;
    return { ...entry, isMore: isFolded(entry.event) && isFull };
  });
}

function isOlder(entry: Place, than: Place): boolean {
  const ms = entry.at.getTime() - than.at.getTime();
  return ms < 0 || (ms === 0 && entry.id < than.id);
}

const CURSOR_KEY = "latchkey history cursor v1";

/** Sealed for one account, so that it tells nothing and works for nobody else. */
function makeCursor(userId: string, { at, id }: Place): string {
  return seal(userId, JSON.stringify([at.getTime(), id]), derivedKey(CURSOR_KEY));
}

function openCursor(userId: string, cursor: unknown): Place | null {
  if (typeof cursor !== "string") return null;
  try {
    const [ms, id] = JSON.parse(unseal(userId, cursor, derivedKeys(CURSOR_KEY))) as [number, string];
    return { at: new Date(ms), id };
  } catch {
    return null; // none of ours, or of another account, or from before a new AUTH_SECRET
  }
}

const COLUMNS = ["Time (UTC)", "What happened", "How", "Event", "Browser", "Browser's own name", "Address"];

/** The whole history as a table, a line at a time: one for each event, the newest first. */
export async function* historyCsv(userId: string): AsyncGenerator<string, void> {
  yield csvLine(COLUMNS);
  for await (const { at, event, ip, userAgent, how } of historyRows(userId, null))
    yield csvLine([
      at.toISOString(),
      describeEvent(event),
      describeProof(how) ?? "",
      event,
      describeBrowser(userAgent),
      userAgent ?? "",
      ip ?? "",
    ]);
}
