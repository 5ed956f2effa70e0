/** Too many of something; nothing was done. */
export interface Throttled {
  ok: false;
  reason: "throttled";
  /** Of what: passwords and codes that were tried, emails asked for, accounts registered, or usernames changed. */
  of: "attempts" | "emails" | "accounts" | "usernames";
  retryAfterSeconds: number;
}

export function throttled(of: Throttled["of"], retryAfterSeconds: number): Throttled {
  return { ok: false, reason: "throttled", of, retryAfterSeconds };
}

/** Whether an email is on its way. */
export type EmailRequestOutcome = { ok: true } | Throttled;
