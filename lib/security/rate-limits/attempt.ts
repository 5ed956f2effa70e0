/** One attempt, asked for before the work it stands for. */
export type Turn =
  /** Taken, and counted until it is given back. */
  { ok: true; giveBack(): Promise<void> } | { ok: false; retryAfterSeconds: number };
