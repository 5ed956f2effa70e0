import "server-only";
import type { Tx } from "../platform/db";
import { countConnections } from "../security/connections/connections";
import { countPasskeys } from "../security/passkeys/passkeys";
import { hasSecondFactor } from "./factors";

/** The ways into an account beside its password. */
export interface OtherWays {
  /** It can be logged in to by a passkey, now or after a change of settings. */
  hasPasskeys: boolean;
  /** The same by way of a provider. */
  hasConnections: boolean;
}

/** What an account has that a new password does not end, and that may be a thief's. */
export interface WaysLeft extends OtherWays {
  /** A login takes more than the new password. */
  hasSecondFactor: boolean;
}

export async function findOtherWays(userId: string, tx: Tx): Promise<OtherWays> {
  return {
    hasPasskeys: (await countPasskeys(userId, tx)) > 0,
    hasConnections: (await countConnections(userId, tx)) > 0,
  };
}

/** What a new password leaves of the ways into an account. The transaction holds the account. */
export async function findWaysLeft(userId: string, tx: Tx): Promise<WaysLeft> {
  return { hasSecondFactor: await hasSecondFactor(userId, tx), ...(await findOtherWays(userId, tx)) };
}
