/** Units of time. A constant's name tells its unit: `_MS` is milliseconds, `_S` is seconds. */
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const MINUTE_S = 60;
export const HOUR_S = 60 * MINUTE_S;
export const DAY_S = 24 * HOUR_S;

const STEPS = [
  { ms: DAY_MS, one: "a day", many: "days" },
  { ms: HOUR_MS, one: "an hour", many: "hours" },
  { ms: MINUTE_MS, one: "a minute", many: "minutes" },
  { ms: SECOND_MS, one: "a second", many: "seconds" },
] as const;

/**
 * A span of time as a sentence says it: "30 minutes", "a day", "7 days". The largest unit that fits twice, or once
 * exactly, rounded up: 90 minutes are "90 minutes" and 120 are "2 hours".
 * @param ms in milliseconds; anything below a second counts as one
 */
export function formatDuration(ms: number): string {
  const step = STEPS.find(({ ms: unit }) => ms === unit || ms >= 2 * unit) ?? STEPS[STEPS.length - 1];
  if (!step) throw new Error("no unit of time");
  const count = Math.max(1, Math.ceil(ms / step.ms));
  return count === 1 ? step.one : `${count} ${step.many}`;
}
