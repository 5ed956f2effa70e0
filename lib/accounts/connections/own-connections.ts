import "server-only";
import { connectionChangedEmail } from "../../mail/emails/connections";
import type { ClientInfo } from "../../platform/client-info";
import type { Tx } from "../../platform/db";
import { isUniqueViolation } from "../../platform/db/errors";
import { env } from "../../platform/env";
import { isTimed, isUsable, labelOf } from "../../platform/providers/configured-providers";
import { record } from "../../security/audit";
import {
  dropConnection,
  findConnected,
  findConnections,
  keepConnection,
  type ListedConnection,
} from "../../security/connections/connections";
import { endLinksWithFactors } from "../../security/link-tokens";
import type { OfferedProvider } from "../../shared/connections";
import type { AskingSession } from "../asking-session";
import { changeFactors, type NotProven } from "../factor-change";
import { endTrustAndPending } from "../factors";
import type { ProviderIdentity } from "../login/prove-provider";
import type { Throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";
import { hasWayInWithout } from "../ways-in";

/** The providers that people may log in with, as pages offer them. */
export function offeredProviders(): OfferedProvider[] {
  return env().providers.map(({ id, label }) => ({ id, label }));
}

/** Those of them that say when their person logged in. */
export function timedProviders(): OfferedProvider[] {
  return env()
    .providers.filter(isTimed)
    .map(({ id, label }) => ({ id, label }));
}

/** The providers that an account can be connected with: also where it has a connection by that name which opens nothing. */
export function providersToConnect(connections: ShownConnection[]): OfferedProvider[] {
  const connected = new Set(connections.filter((own) => own.isUsable).map(({ provider }) => provider));
  return offeredProviders().filter(({ id }) => !connected.has(id));
}

/** A connection as the page of its owner shows it. */
export interface ShownConnection extends ListedConnection {
  label: string;
  /** False: the settings do not name its provider any more, or another one by that name, so nobody logs in with it. */
  isUsable: boolean;
}

/** The connections of an account, the newest first. */
export async function listConnections(userId: string): Promise<ShownConnection[]> {
  return (await findConnections(userId)).map((connection) => ({
    ...connection,
    label: labelOf(connection.provider),
    isUsable: isUsable(connection),
  }));
}

/** Those that an account can be shown to be somebody's with. @param offered of which */
export async function ownProviders(
  userId: string,
  offered: OfferedProvider[] = offeredProviders(),
): Promise<OfferedProvider[]> {
  const own = new Set((await findConnections(userId)).filter(isUsable).map(({ provider }) => provider));
  return offered.filter(({ id }) => own.has(id));
}

export type ConnectOutcome =
  /** `isNew`: false when the account had it already. */
  | { ok: true; isNew: boolean }
  /** Another account has it. Told to whom the provider means, and to nobody else. */
  | { ok: false; reason: "taken" }
  /** The account is connected with somebody else there. */
  | { ok: false; reason: "one-only" }
  | NotProven
  | Throttled;

/**
 * Connects an account with whom a provider means, and tells its owner (ASVS v5.0.0-6.3.7). For somebody who has asked for that
 * in the same session, with a recent proof of who they are: that is for the caller to ask (ASVS v5.0.0-7.5.1).
 */
export async function connect(
  session: AskingSession,
  identity: ProviderIdentity,
  client: ClientInfo,
): Promise<ConnectOutcome> {
  const userId = session.user.id;
  const { provider } = identity;
  try {
    return await changeFactors<ConnectOutcome>(session, client, async (tx) => {
      const owner = await findConnected(identity, tx);
      if (owner) return owner.id === userId ? { ok: true, isNew: false } : { ok: false, reason: "taken" };
      const own = (await findConnections(userId, tx)).filter((other) => other.provider === provider);
      if (own.some(isUsable)) return { ok: false, reason: "one-only" };
      await dropConnection(userId, provider, tx); // of another issuer by that name: it opens nothing
      await keepConnection(userId, identity, tx);
      await endLinksWithFactors(userId, tx); // a new address could end what is new
      const alert = connectionChangedEmail("added", labelOf(provider));
      await sendSecurityAlert(userId, alert, client, tx);
      await record("connection-added", { userId, how: `provider:${provider}` }, client, tx);
      return { ok: true, isNew: true };
    });
  } catch (error) {
    if (isUniqueViolation(error)) return { ok: false, reason: "taken" };
    throw error;
  }
}

export type DisconnectOutcome =
  /** `hadIt`: false when the account was not connected with it. */
  | { ok: true; hadIt: boolean }
  /** The account has no password and no other way in. */
  | { ok: false; reason: "last-way-in" }
  | NotProven
  | Throttled;

/**
 * Takes the connection with a provider from an account, and tells its owner; logins that wait, and browsers that are not asked
 * for a second factor, end with it. For somebody whose proof of who they are is recent: that is for the caller to ask. The
 * last way in stays; one that opens nothing is none.
 */
export async function disconnect(
  session: AskingSession,
  provider: string,
  client: ClientInfo,
): Promise<DisconnectOutcome> {
  const userId = session.user.id;
  const findOwn = async (tx?: Tx) =>
    (await findConnections(userId, tx)).filter((each) => each.provider === provider);
  if ((await findOwn()).length === 0) return { ok: true, hadIt: false };
  return changeFactors<DisconnectOutcome>(session, client, async (tx) => {
    const own = await findOwn(tx);
    if (own.some(isUsable) && !(await hasWayInWithout({ provider }, userId, tx)))
      return { ok: false, reason: "last-way-in" };
    if (!(await dropConnection(userId, provider, tx))) return { ok: true, hadIt: false };
    await endTrustAndPending(userId, tx);
    const alert = connectionChangedEmail("removed", labelOf(provider));
    await sendSecurityAlert(userId, alert, client, tx);
    await record("connection-removed", { userId, how: `provider:${provider}` }, client, tx);
    return { ok: true, hadIt: true };
  });
}
