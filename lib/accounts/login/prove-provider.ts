import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { isUsable } from "../../platform/providers/configured-providers";
import type { Addressee } from "../../security/addressee";
import { record } from "../../security/audit";
import { findConnected, hasConnection, type Subject } from "../../security/connections/connections";
import { holdAccount } from "../../security/hold-account";
import { findBrowserOfAnyone } from "../../security/known-browsers";
import { consumeProviderLogin } from "../../security/rate-limits/proof-limits";
import { consumeProviderJourney } from "../../security/rate-limits/visitor-limits";
import { isProofRecent } from "../../security/session-proof";
import { type Throttled, throttled } from "../outcomes";
import { isConfirmed } from "../security-alerts";

/** Whom a provider means, by an answer that was checked, and what it says of them. */
export interface ProviderIdentity extends Subject {
  type: "oidc" | "oauth";
  /** The address that it names; null: none, or none that an email can go to. */
  email: string | null;
  /** True where it says that it has verified the address, and the operator has marked it as one to be believed. */
  isEmailProven: boolean;
  /** What a username could begin with; null: nothing that may be one. */
  username: string | null;
  /** The name to greet them by; null: none. */
  displayName: string | null;
  /** What it calls them where they log in: an address or a name; null: it does not say. */
  name: string | null;
  /** When they last proved to it who they are; null: it does not say. */
  authenticatedAt: Date | null;
}

/** True where a provider says that its person has proven to it of late who they are: one that is asked anew can. */
export function isProvenLately({ authenticatedAt: at }: Pick<ProviderIdentity, "authenticatedAt">): boolean {
  return at !== null && isProofRecent({ createdAt: at, provenAt: at });
}

/** The account of a person whom a provider has recognised. Whether they may come in is for `admit` to say. */
export interface ProvenByProvider extends Addressee {
  connection: Subject;
  /** When they last proved to the provider who they are; null or left out: it does not say. */
  authenticatedAt?: Date | null;
}

export type ProviderProof =
  | { ok: true; user: ProvenByProvider }
  /** No account is connected with that person. */
  | { ok: false; reason: "unknown" }
  | Throttled;

/** Counts a visitor who is about to be sent to a provider. Null: go on. */
export async function countJourney(client: ClientInfo): Promise<Throttled | null> {
  const wait = await consumeProviderJourney(await findBrowserOfAnyone(client.browserToken), client);
  if (wait === null) return null;
  await record("provider-login-throttled", { userId: null }, client);
  return throttled("attempts", wait);
}

/**
 * Finds the account that is connected with whom a provider means: by issuer and subject, never by the address, which a
 * provider can change and give to another person (ASVS v5.0.0-6.8.1).
 */
export async function proveProvider(
  { provider, issuer, subject, authenticatedAt }: ProviderIdentity,
  client: ClientInfo,
): Promise<ProviderProof> {
  const connection = { provider, issuer, subject };
  const user = await findConnected(connection);
  if (!user) return { ok: false, reason: "unknown" };
  const wait = await consumeProviderLogin(user.id);
  if (wait === null) return { ok: true, user: { ...user, connection, authenticatedAt } };
  await record("provider-login-throttled", { userId: user.id }, client);
  return throttled("attempts", wait);
}

/**
 * False when the account was disconnected since, or the settings do not name the provider any more. While it is true, the
 * account is held to the transaction's end.
 */
export async function isConnectionUsable({ id, connection }: ProvenByProvider, tx: Tx): Promise<boolean> {
  return isUsable(connection) && (await holdAccount({ id }, tx)) && (await hasConnection(id, connection, tx));
}

/**
 * Lets a provider vouch for whose an account is, for a browser that has its emailed link open.
 * @param ownerId whose link that is; left out: nobody's
 */
export async function vouchFor(
  identity: ProviderIdentity,
  ownerId: string | undefined,
  client: ClientInfo,
): Promise<ProviderProof | { ok: false; reason: "other-person" }> {
  const proof = await proveProvider(identity, client);
  return proof.ok && proof.user.id !== ownerId ? { ok: false, reason: "other-person" } : proof;
}

/**
 * The account for which a provider vouches in a browser, as it is now; null: it has no such
 * connection, or a confirmed address.
 */
export async function findVouched({
  id,
  connection,
}: Pick<ProvenByProvider, "id" | "connection">): Promise<ProvenByProvider | null> {
  const user = isUsable(connection) ? await findConnected(connection) : null;
  return user?.id === id && !(await isConfirmed(id, db)) ? { ...user, connection } : null;
}
