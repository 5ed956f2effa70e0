import "server-only";
import type { Tx } from "../platform/db";
import { isUsable } from "../platform/providers/configured-providers";
import { findConnections } from "../security/connections/connections";
import { countWorkingPasskeys } from "../security/passkeys/passkeys";
import { hasPassword } from "./change-password";

/** What is to be taken from an account. */
type Taken = { passkey: string } | { provider: string };

/**
 * True where somebody can still log in to an account once this is taken from it: by a password, or a passkey or a
 * connection that works here. The transaction holds the account.
 */
export async function hasWayInWithout(taken: Taken, userId: string, tx: Tx): Promise<boolean> {
  if (await hasPasswordOrPasskey(userId, tx, "passkey" in taken ? taken.passkey : null)) return true;
  const connections = await findConnections(userId, tx);
  const left = connections.filter(({ provider }) => !("provider" in taken) || provider !== taken.provider);
  return left.some(isUsable);
}

/** True where somebody can log in without any connection. @param passkeyId one that does not count */
export async function hasPasswordOrPasskey(
  userId: string,
  tx: Tx,
  passkeyId: string | null = null,
): Promise<boolean> {
  return (await hasPassword(userId, tx)) || (await countWorkingPasskeys(userId, tx, passkeyId)) > 0;
}
