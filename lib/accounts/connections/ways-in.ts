import "server-only";
import type { Tx } from "../../platform/db";
import { env } from "../../platform/env";
import { isSameIssuer } from "../../platform/settings/providers";
import { findConnections, type Subject } from "../../security/connections/connections";
import { countWorkingPasskeys } from "../../security/passkeys/passkeys";

/** What is to be taken from an account. */
type Taken = { passkey: string } | { provider: string };

/** What a provider is called; its name where the settings do not know it any more. */
export function labelOf(provider: string): string {
  return env().providers.find(({ id }) => id === provider)?.label ?? provider;
}

/** What the provider of a proof is called; null: it is none of a provider. @param how as it was recorded */
export function providerOf(how: string): string | null {
  const [, provider] = /^provider:(.+)$/.exec(how) ?? [];
  return provider === undefined ? null : labelOf(provider);
}

/** True for a connection with a provider that the settings name, by the issuer that it has there: any other opens nothing. */
export function isUsable({ provider, issuer }: Pick<Subject, "provider" | "issuer">): boolean {
  return env().providers.some((each) => each.id === provider && isSameIssuer(each.issuer, issuer));
}

/**
 * True where somebody can still log in to an account once this is taken from it: by a password, or a passkey or a
 * connection that works here. The transaction holds the account.
 */
export async function hasWayInWithout(taken: Taken, userId: string, tx: Tx): Promise<boolean> {
  const { passwordHash } = await tx.user.findUniqueOrThrow({
    where: { id: userId },
    select: { passwordHash: true },
  });
  if (passwordHash !== null) return true;
  const passkey = "passkey" in taken ? taken.passkey : null;
  if ((await countWorkingPasskeys(userId, tx, passkey)) > 0) return true;
  const connections = await findConnections(userId, tx);
  const left = connections.filter(({ provider }) => !("provider" in taken) || provider !== taken.provider);
  return left.some(isUsable);
}
