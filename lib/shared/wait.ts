import { formatDuration, HOUR_MS, MINUTE_MS, SECOND_MS } from "./units";

/**
 * Asks to try again after so many seconds: told in seconds up to a minute, in minutes up to an hour and a half, then in hours.
 */
export function waitSentence(seconds: number): string {
  return `Please try again in ${inWords(seconds)}.`;
}

function inWords(seconds: number): string {
  const ms = seconds * SECOND_MS;
  if (ms <= MINUTE_MS) return seconds === 1 ? "a second" : `${seconds} seconds`;
  if (ms <= 1.5 * HOUR_MS) return `${Math.ceil(ms / MINUTE_MS)} minutes`;
  return formatDuration(Math.ceil(ms / HOUR_MS) * HOUR_MS);
}
