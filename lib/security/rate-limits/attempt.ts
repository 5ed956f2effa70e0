/** One attempt, asked for before the work it stands for. */
export type Attempt =
  /** Admitted, and counted until it is refunded. */
  { ok: true; refund(): Promise<void> } | { ok: false; retryAfterSeconds: number };
