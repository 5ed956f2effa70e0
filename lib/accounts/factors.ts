import "server-only";
import { factorsEndedEmail } from "../mail/emails/two-factor";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { env, features } from "../platform/env";
import type { Addressee } from "../security/addressee";
import { record } from "../security/audit";
import { countConnections } from "../security/connections/connections";
import { endTrust } from "../security/known-browsers";
import { endLinksWithFactors } from "../security/link-tokens";
import { countPasskeys, dropPasskeys } from "../security/passkeys/passkeys";
import { dropAuthenticator, findAuthenticator } from "../security/two-factor/authenticators";
import { endPendingLogins, type PendingLogin } from "../security/two-factor/pending-logins";
import {
  dropRecoveryCodes,
  findRecoveryCodes,
  type RecoveryCodesLeft,
} from "../security/two-factor/recovery-codes";
import { MINUTE_MS } from "../shared/units";
import { leaveAlertToOthers } from "./login/half-done";
import { isConfirmed } from "./security-alerts";

/**
 * How far the clocks of two instances may be apart, in milliseconds: what was added so shortly
 * before an event counts as after it.
 */
const CLOCKS_MS = MINUTE_MS;

/** The second factors of an account, as its page tells of them. */
export interface Factors {
  /** Null: it has no authenticator app. */
  authenticator: { createdAt: Date } | null;
  /** Null: it has no recovery code that was not used. */
  recoveryCodes: RecoveryCodesLeft | null;
}

export async function findFactors(userId: string): Promise<Factors> {
  const [authenticator, recoveryCodes] = await Promise.all([
    findAuthenticator(userId),
    findRecoveryCodes(userId),
  ]);
  return { authenticator, recoveryCodes };
}

/**
 * The second factor that an account's logins by password are asked for; null: they are asked for none. An app comes first,
 * whatever else there is. Recovery codes alone are none: they stand in for one. A passkey is one where the site requires one: a login by it needs no other, and one beside it is the person's choice.
 * It counts there also while it does not work, with passkeys turned off or made for another host: else a change of settings
 * would make the password enough, and who has that could set up a factor of their own.
 */
export async function findFirstAsked(userId: string, tx: Tx = db): Promise<"app" | "passkey" | null> {
  if ((await findAuthenticator(userId, tx)) !== null) return "app";
  return env().requireTwoFactor && (await countPasskeys(userId, tx)) > 0 ? "passkey" : null;
}

/** True for an account whose logins by password are asked for a second factor. */
export async function hasSecondFactor(userId: string, tx: Tx = db): Promise<boolean> {
  return (await findFirstAsked(userId, tx)) !== null;
}

/** True where a person may see the pages about second factors: the site offers them, or the account has one. */
export async function isTwoFactorShown(userId: string): Promise<boolean> {
  return features().twoFactor || (await hasSecondFactor(userId));
}

/**
 * Ends what stood on an account's second factors as they were: browsers that are not asked for one, logins that wait for
 * one, and a change of address that was asked for before. Part of every change of them. An email about a login that ends here
 * leaves when that could have waited no more. The transaction holds the account already.
 * @param spared the login that makes the change, if one does
 */
export async function endTrustAndPending(
  userId: string,
  tx: Tx,
  spared: PendingLogin | null = null,
): Promise<void> {
  await endLinksWithFactors(userId, tx);
  if (spared) await leaveAlertToOthers(userId, spared, tx);
  await endPendingLogins(userId, tx, spared?.id);
  await endTrust(userId, tx);
}

/** Takes every second factor and passkey from an account. False when it had none. The transaction holds the account already. */
export async function dropFactors(userId: string, tx: Tx): Promise<boolean> {
  const hadApp = await dropAuthenticator(userId, tx);
  await dropRecoveryCodes(userId, tx);
  const passkeys = await dropPasskeys(userId, tx);
  await endTrustAndPending(userId, tx);
  return hadApp || passkeys > 0;
}

/**
 * Ends the second factors, recovery codes, passkeys and connections that were added to an account since something that its
 * owner had no part in, and tells the owner: they may be a thief's, who would keep the account by them. Older ones stay. What
 * stands on them ends with the lock that follows, which takes sessions before known browsers, as every transaction does. The
 * transaction holds the account already.
 */
export async function endFactorsSince(
  { id, email, username }: Pick<Addressee, "id" | "email" | "username">,
  since: Date,
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  const where = { userId: id, createdAt: { gte: new Date(since.getTime() - CLOCKS_MS) } };
  const apps = await tx.authenticator.deleteMany({ where });
  const codes = await tx.recoveryCode.deleteMany({ where });
  const passkeys = await tx.passkey.deleteMany({ where });
  const connections = await tx.account.deleteMany({ where });
  if (apps.count + codes.count + passkeys.count + connections.count === 0) return;
  if (!(await hasSecondFactor(id, tx))) await dropRecoveryCodes(id, tx);
  await record("factors-ended", { userId: id }, client, tx);
  if (!features().mail || !(await isConfirmed(id, tx))) return;
  const ended = {
    app: apps.count > 0,
    codes: codes.count > 0,
    passkeys: passkeys.count > 0,
    connections: connections.count > 0,
  };
  const left = {
    app: (await findAuthenticator(id, tx)) !== null,
    codes: (await findRecoveryCodes(id, tx)) !== null,
    passkeys: (await countPasskeys(id, tx)) > 0,
    connections: (await countConnections(id, tx)) > 0,
  };
  await enqueueEmail(factorsEndedEmail({ email, username }, ended, left), tx);
}
