import "server-only";
import type { Tx } from "../../platform/db";
import { env, features } from "../../platform/env";

/** What is to be taken from an account. */
type Taken = { passkey: string } | { provider: string };

/**
 * True where somebody can still log in to an account once this is taken from it: by a password, a passkey, or a connection
 * with a provider that the settings name. The transaction holds the account.
 */
export async function hasWayInWithout(taken: Taken, userId: string, tx: Tx): Promise<boolean> {
  const { passwordHash } = await tx.user.findUniqueOrThrow({
    where: { id: userId },
    select: { passwordHash: true },
  });
  if (passwordHash !== null) return true;
  const passkey = "passkey" in taken ? { id: { not: taken.passkey } } : {};
  if (features().passkeys && (await tx.passkey.count({ where: { userId, ...passkey } })) > 0) return true;
  const providers = env()
    .providers.map(({ id }) => id)
    .filter((id) => !("provider" in taken) || id !== taken.provider);
  return (await tx.account.count({ where: { userId, provider: { in: providers } } })) > 0;
}
