import { createHash } from "node:crypto";
import type { Database } from "../../lib/testing/look-in";

/** Failures of one account from one network before it has to wait. */
const FAILURES_BEFORE_WAIT = 5;

/**
 * Has someone wait until `opensAt` for failures at an account from their address, IPv4, as five wrong passwords would: without
 * the work of comparing them. An account with that email there need not be.
 */
export async function failTooOften(
  database: Database,
  email: string,
  address: string,
  opensAt: Date,
): Promise<void> {
  const digest = createHash("sha256").update(email.toLowerCase()).digest("hex");
  await database.query(
    'INSERT INTO "LoginBackoff" ("key", "failures", "opensAt", "failedAt") VALUES (?, ?, ?, ?)',
    `pair:${digest}:${address}`,
    FAILURES_BEFORE_WAIT,
    opensAt,
    new Date(),
  );
}
