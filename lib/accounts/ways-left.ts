import "server-only";
import type { Tx } from "../platform/db";
import { findConnections } from "../security/connections/connections";
import { countPasskeys } from "../security/passkeys/passkeys";
import { hasSecondFactor } from "./two-factor/factors";

/** What an account has that a new password does not end, and that may be a thief's. */
export interface WaysLeft {
  /** A login takes more than the new password. */
  hasSecondFactor: boolean;
  /** It can be logged in to by a passkey, now or after a change of settings. */
  hasPasskeys: boolean;
  /** The same by way of another provider. */
  hasConnections: boolean;
}

/** What a new password leaves of the ways into an account. The transaction holds the account. */
export async function findWaysLeft(userId: string, tx: Tx): Promise<WaysLeft> {
  return {
    hasSecondFactor: await hasSecondFactor(userId, tx),
    hasPasskeys: (await countPasskeys(userId, tx)) > 0,
    hasConnections: (await findConnections(userId, tx)).length > 0,
  };
}
