/** Too many attempts; nothing was done. */
export interface Throttled {
  ok: false;
  reason: "throttled";
  retryAfterSeconds: number;
}

export function throttled(retryAfterSeconds: number): Throttled {
  return { ok: false, reason: "throttled", retryAfterSeconds };
}

/** Whether an email is on its way. */
export type EmailRequestOutcome = { ok: true } | Throttled;
