/** In UTC: the reader's time zone is unknown. */
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

/** A moment as a sentence tells it: "22 November 2026 at 14:05 UTC". */
export function formatMoment(at: Date): string {
  return `${moment.format(at)} UTC`;
}
