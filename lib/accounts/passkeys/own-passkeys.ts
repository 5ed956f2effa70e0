import "server-only";
import { passkeyChangedEmail } from "../../mail/emails/passkeys";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { env, features } from "../../platform/env";
import { record } from "../../security/audit";
import { nameOfAuthenticator } from "../../security/passkeys/authenticator-names";
import { isOwnHandle } from "../../security/passkeys/handles";
import {
  countPasskeys,
  countWorkingPasskeys,
  dropPasskey,
  findHandle,
  findPasskeys,
  hasPasskey,
  type ListedPasskey,
  renamePasskeyOf,
} from "../../security/passkeys/passkeys";
import { isMadeForHere } from "../../security/passkeys/relying-party";
import { findAuthenticator } from "../../security/two-factor/authenticators";
import { type AskingSession, holdForSession } from "../asking-session";
import { changeFactors, type NotProven } from "../factor-change";
import { endTrustAndPending } from "../factors";
import type { Throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";
import { hasWayInWithout } from "../ways-in";

export type RemovePasskeyOutcome =
  /** `hadIt`: false when the account has none with that id, whoever else may have it. */
  | { ok: true; hadIt: boolean }
  /** The account has no password and no other way in. */
  | { ok: false; reason: "last-way-in" }
  /** REQUIRE_TWO_FACTOR is set, and it is the only second factor. */
  | { ok: false; reason: "required" }
  | NotProven
  | Throttled;

export type RenamePasskeyOutcome = { ok: true; hadIt: boolean } | { ok: false; reason: "session-over" };

/** A passkey as the page of its owner shows it. */
export interface ShownPasskey extends ListedPasskey {
  /** What keeps it; null: not known. */
  authenticator: string | null;
  /** False: it was made for another host, `rpId`, and does not work here. */
  isMadeForHere: boolean;
}

/** The passkeys of an account, the newest first. */
export async function listPasskeys(userId: string): Promise<ShownPasskey[]> {
  const passkeys = await findPasskeys(userId);
  return passkeys.map((passkey) => ({
    ...passkey,
    authenticator: nameOfAuthenticator(passkey.aaguid),
    isMadeForHere: isMadeForHere(passkey),
  }));
}

/**
 * What a browser is told so that its list of passkeys is the account's: under which handle, and which still work. Null: nothing,
 * because no passkey was made for the account by this installation. Of a copy of the database, on the same host, the
 * browser would be told that the passkeys made since do not work.
 * @param passkeys all that the account has
 */
export async function acceptedPasskeys(
  userId: string,
  passkeys: ShownPasskey[],
): Promise<{ handle: string; ids: string[] } | null> {
  const handle = await findHandle(userId);
  if (handle === null || !isOwnHandle(handle)) return null;
  const accepted = passkeys.filter((passkey) => passkey.isMadeForHere);
  return { handle, ids: accepted.map(({ credentialId }) => credentialId) };
}

/** True for an account that has a passkey, also one that does not work here now. */
export async function hasPasskeys(userId: string): Promise<boolean> {
  return (await countPasskeys(userId)) > 0;
}

/** True where a person may see the page about passkeys: the site offers them, or the account has one. */
export async function arePasskeysShown(userId: string): Promise<boolean> {
  return features().passkeys || (await hasPasskeys(userId));
}

/** True where this account can be shown a passkey of. */
export async function canShowPasskey(userId: string): Promise<boolean> {
  return (await countWorkingPasskeys(userId)) > 0;
}

/**
 * Takes a passkey from an account, and tells its owner; logins that wait, and browsers that are not asked for a second factor,
 * end with it. For somebody whose proof of who they are is recent: that is for the caller to ask. The last way in stays.
 */
export async function removePasskey(
  session: AskingSession,
  id: string,
  client: ClientInfo,
): Promise<RemovePasskeyOutcome> {
  const userId = session.user.id;
  if (!(await hasPasskey(userId, id))) return { ok: true, hadIt: false };
  return changeFactors<RemovePasskeyOutcome>(session, client, async (tx) => {
    const missing = await findMissingWithout(id, userId, tx);
    if (missing) return { ok: false, reason: missing };
    if (!(await dropPasskey(userId, id, tx))) return { ok: true, hadIt: false };
    await endTrustAndPending(userId, tx);
    await sendSecurityAlert(userId, passkeyChangedEmail("removed"), client, tx);
    await record("passkey-removed", { userId }, client, tx);
    return { ok: true, hadIt: true };
  });
}

/**
 * What an account would want without this passkey; null: nothing. Others count while they work
 * here, and so does this one as a way in.
 */
async function findMissingWithout(
  id: string,
  userId: string,
  tx: Tx,
): Promise<"last-way-in" | "required" | null> {
  const others = await countWorkingPasskeys(userId, tx, id);
  if (others > 0) return null;
  const isWayIn = (await countWorkingPasskeys(userId, tx)) > others;
  if (isWayIn && !(await hasWayInWithout({ passkey: id }, userId, tx))) return "last-way-in";
  const isRequired = env().requireTwoFactor && (await findAuthenticator(userId, tx)) === null;
  return isRequired ? "required" : null;
}

/** Gives a passkey another name. It changes nothing that it opens, so a login is enough and no alert goes out. */
export async function renamePasskey(
  session: AskingSession,
  { id, name }: { id: string; name: string },
  client: ClientInfo,
): Promise<RenamePasskeyOutcome> {
  const userId = session.user.id;
  return db.$transaction(async (tx) => {
    if (!(await holdForSession(session, tx))) return { ok: false, reason: "session-over" };
    const hadIt = await renamePasskeyOf(userId, id, name, tx);
    if (hadIt) await record("passkey-renamed", { userId }, client, tx);
    return { ok: true, hadIt };
  });
}
