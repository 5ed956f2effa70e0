import { DAY_MS, HOUR_MS, MINUTE_MS } from "./units";

/** In UTC: the reader's time zone is unknown. */
const inUtc = (style: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC", ...style });

const day = inUtc({});
const moment = inUtc({ timeStyle: "short" });
const exact = inUtc({ timeStyle: "medium" });

const ago = new Intl.RelativeTimeFormat("en");

/** For how long a moment is told as so many minutes, hours or days ago, in milliseconds. */
const RECENT_MS = 7 * DAY_MS;

/** A day: "22 November 2026". */
export function formatDay(at: Date): string {
  return day.format(at);
}

/** A moment as a sentence tells it: "22 November 2026 at 14:05 UTC". */
export function formatMoment(at: Date): string {
  return `${moment.format(at)} UTC`;
}

/** The same to the second: "22 November 2026 at 14:05:09 UTC". */
export function formatExactly(at: Date): string {
  return `${exact.format(at)} UTC`;
}

/**
 * How long ago a moment was, in no time zone: "just now", "5 minutes ago", "3 days ago"; after a week its day. Rounded down.
 * @param now in milliseconds since 1970
 */
export function formatAgo(at: Date, now = Date.now()): string {
  const ms = now - at.getTime();
  if (ms < MINUTE_MS) return "just now"; // another machine's clock may be ahead
  if (ms < HOUR_MS) return ago.format(-Math.floor(ms / MINUTE_MS), "minute");
  if (ms < DAY_MS) return ago.format(-Math.floor(ms / HOUR_MS), "hour");
  if (ms < RECENT_MS) return ago.format(-Math.floor(ms / DAY_MS), "day");
  return formatDay(at);
}
