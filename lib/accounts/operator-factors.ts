import "server-only";
import { connectionsEndedEmail } from "../mail/emails/connections";
import { factorsResetEmail } from "../mail/emails/two-factor";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { isUsable, labelOf } from "../platform/providers/configured-providers";
import { record } from "../security/audit";
import { dropConnections, findConnections } from "../security/connections/connections";
import { endLinksWithFactors } from "../security/link-tokens";
import { findPasskeys } from "../security/passkeys/passkeys";
import { forgetProofs } from "../security/rate-limits/proof-limits";
import { forgetWrongCodes } from "../security/rate-limits/second-factor-limits";
import { findAuthenticator } from "../security/two-factor/authenticators";
import { hasPassword } from "./change-password";
import { dropFactors } from "./factors";
import { BY_OPERATOR } from "./history-words";
import { endAccessKeepingAlerts } from "./locks";
import { findForOperator, NO_ACCOUNT, type NoAccount } from "./operator";
import { sendSecurityAlert } from "./security-alerts";
import { hasPasswordOrPasskey } from "./ways-in";

// What an operator can take from an account whose owner has lost what proves who they are, or found in it what is not theirs.

/** What logs in to an account by itself once it has no second factor and no passkey. */
export interface SoleWaysIn {
  hasPassword: boolean;
  /** What the settings call the providers that it is connected with, as far as they log in. */
  connections: string[];
  /** The others: they may log in again after a change of settings. */
  idleConnections: string[];
}

/** What an account has once it is disconnected. A thief who came in by a connection may have set it up. */
export interface OtherWaysIn {
  hasPassword: boolean;
  /** When the newest passkey was added; null: it has none. */
  passkeyAt: Date | null;
  /** When the authenticator app was set up; null: it has none. */
  appAt: Date | null;
}

/** `isTold`: an email to the owner is on its way. */
export type ResetFactorsOutcome =
  | { ok: true; email: string; hadFactors: boolean; isTold: boolean; left: SoleWaysIn }
  | NoAccount;

/** `ended`: what the settings call the providers. `hasWayIn`: something still logs in. */
export type DisconnectAccountOutcome =
  | { ok: true; email: string; ended: string[]; hasWayIn: boolean; left: OtherWaysIn; isTold: boolean }
  | NoAccount;

/**
 * Takes the second factors and passkeys from an account whose owner has lost them all, so that the password is enough again, or a
 * connection, logs it out everywhere, because no session is asked for a factor any more, and tells the owner: who asked for it
 * may be somebody else. Make sure first who asks. A connection that may be a thief's is to end first, while the account is
 * locked: else it lets them in to set up something new.
 */
export async function resetFactorsAsOperator(
  email: string,
  client: ClientInfo,
): Promise<ResetFactorsOutcome> {
  return db.$transaction(async (tx) => {
    const user = await findForOperator(email, tx);
    if (!user) return NO_ACCOUNT;
    const { passkeyAt, appAt } = await findOtherWaysIn(user.id, tx);
    const hadFactors = passkeyAt !== null || appAt !== null;
    if (hadFactors) await endAccessKeepingAlerts(user.id, tx);
    await dropFactors(user.id, tx);
    await forgetProofs(user.id, tx);
    await forgetWrongCodes(user.id, tx);
    const left = await findSoleWaysIn(user.id, tx);
    if (!hadFactors) return { ok: true, email: user.email, hadFactors, isTold: false, left };
    await record("factors-reset", { userId: user.id }, client, tx);
    const isTold = await sendSecurityAlert(user.id, factorsResetEmail(left), client, tx);
    return { ok: true, email: user.email, hadFactors, isTold, left };
  });
}

/**
 * Takes every connection from an account, because any may be a thief's, and logs it out everywhere: who came in by one may
 * still be there. Tells the owner.
 */
export async function disconnectAsOperator(
  email: string,
  client: ClientInfo,
): Promise<DisconnectAccountOutcome> {
  return db.$transaction(async (tx) => {
    const user = await findForOperator(email, tx);
    if (!user) return NO_ACCOUNT;
    const ended = (await findConnections(user.id, tx)).map(({ provider }) => labelOf(provider));
    const hasWayIn = await hasPasswordOrPasskey(user.id, tx);
    const left = await findOtherWaysIn(user.id, tx);
    if (ended.length === 0) return { ok: true, email: user.email, ended, hasWayIn, left, isTold: false };
    await dropConnections(user.id, tx);
    await endLinksWithFactors(user.id, tx);
    await endAccessKeepingAlerts(user.id, tx);
    await record("connections-ended", { userId: user.id, how: BY_OPERATOR }, client, tx);
    const isTold = await sendSecurityAlert(user.id, connectionsEndedEmail(ended, hasWayIn, left), client, tx);
    return { ok: true, email: user.email, ended, hasWayIn, left, isTold };
  });
}

async function findSoleWaysIn(userId: string, tx: Tx): Promise<SoleWaysIn> {
  const all = await findConnections(userId, tx);
  const labels = (connections: typeof all) => connections.map(({ provider }) => labelOf(provider));
  return {
    hasPassword: await hasPassword(userId, tx),
    connections: labels(all.filter(isUsable)),
    idleConnections: labels(all.filter((connection) => !isUsable(connection))),
  };
}

async function findOtherWaysIn(userId: string, tx: Tx): Promise<OtherWaysIn> {
  const [newest] = await findPasskeys(userId, tx);
  const app = await findAuthenticator(userId, tx);
  return {
    hasPassword: await hasPassword(userId, tx),
    passkeyAt: newest?.createdAt ?? null,
    appAt: app?.createdAt ?? null,
  };
}
