import "server-only";
import { accountKeptByOperatorEmail } from "../mail/emails/account-kept";
import { connectionsEndedEmail } from "../mail/emails/connections";
import { factorsResetEmail } from "../mail/emails/two-factor";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import { features } from "../platform/env";
import { INSTALLATION_ID } from "../platform/installation";
import { isUsable, labelOf } from "../platform/providers/configured-providers";
import { record } from "../security/audit";
import { dropConnections, findConnections } from "../security/connections/connections";
import { holdAccount } from "../security/hold-account";
import { findBrowserIds } from "../security/known-browsers";
import { type LinkToken, makeLinkToken } from "../security/link-tokens";
import { countPasskeys, countWorkingPasskeys, findPasskeys } from "../security/passkeys/passkeys";
import { forgetFailures } from "../security/rate-limits/login-limits";
import { forgetProofs } from "../security/rate-limits/proof-limits";
import { forgetWrongCodes } from "../security/rate-limits/second-factor-limits";
import { revokeSessions } from "../security/sessions";
import { findAuthenticator } from "../security/two-factor/authenticators";
import { canonical } from "../shared/canonical";
import { hasPassword } from "./change-password";
import { listConnections } from "./connections/own-connections";
import { eraseAccount } from "./erase-accounts";
import { dropFactors, type Factors, findFactors } from "./factors";
import { BY_OPERATOR } from "./history-words";
import { endAccess, endDeletion, endLock, type LockedBy, lock, lockOf } from "./locks";
import { isConfirmed, sendSecurityAlert } from "./security-alerts";
import { hasPasswordOrPasskey } from "./ways-in";

// What an operator can do for one account. Each finds it by its email address, in any case, and answers with the address
// as its owner typed it.

type NoAccount = { ok: false; reason: "no-account" };

export type LockOutcome =
  | {
      ok: true;
      email: string;
      /** True: it was to be deleted, and stays. */
      wasLeaving: boolean;
    }
  | NoAccount;

export type UnlockOutcome =
  | {
      ok: true;
      email: string;
      endedLock: boolean;
      forgotFailures: boolean;
      /** True: the owner locked it too, and that lock stays until a new password. */
      isLockedByOwner: boolean;
    }
  /** Its owner alone locked it: a new password ends that lock, and nothing was changed. */
  | { ok: false; reason: "locked-by-owner"; email: string }
  | NoAccount;

/** An account as the operator asks for it. */
export interface AccountFacts {
  username: string;
  email: string;
  createdAt: Date;
  /** Null: the address was never confirmed. */
  emailVerified: Date | null;
  lockedBy: LockedBy[];
  /** When it is erased; null: never. */
  deleteAt: Date | null;
  factors: Factors;
  passkeys: {
    /** Those that log in. */
    working: number;
    /** Those that are turned off, or were made for another host. */
    idle: number;
  };
  /** What the settings call the providers that it is connected with. */
  connections: string[];
}

export type KeepOutcome = { ok: true; email: string; wasLeaving: boolean } | NoAccount;

/** What logs in to an account by itself once it has no second factor and no passkey. */
export interface SoleWaysIn {
  hasPassword: boolean;
  /** What the settings call the providers that it is connected with, as far as they log in. */
  connections: string[];
  /** The others: they may log in again after a change of settings. */
  idleConnections: string[];
}

/** What an account has once it is disconnected. Whoever came in by a connection may have set it up. */
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

export type EraseOutcome = { ok: true; email: string } | { ok: false; reason: "other-username" } | NoAccount;

export type ResetLinkOutcome = { ok: true; email: string; link: LinkToken } | NoAccount;

/**
 * Locks an account until {@link unlockAsOperator}: what an owner can do by email does not open it. A deletion ends, and the
 * owner is told of that: they could not answer any more, and the end of the lock must not be the end of the account.
 */
export async function lockAsOperator(email: string, client: ClientInfo): Promise<LockOutcome> {
  return db.$transaction(async (tx) => {
    const user = await findUser(email, tx);
    if (!user) return NO_ACCOUNT;
    const deleteAt = await lock(user.id, "operator", tx);
    await record("locked", { userId: user.id }, client, tx);
    if (deleteAt) await tellKept(user, deleteAt, "locked", tx);
    return { ok: true, email: user.email, wasLeaving: deleteAt !== null };
  });
}

/** Ends an operator's lock and forgets the failed logins, so that anyone may try again. An owner's lock stays. */
export async function unlockAsOperator(email: string, client: ClientInfo): Promise<UnlockOutcome> {
  return db.$transaction(async (tx) => {
    const user = await findUser(email, tx);
    if (!user) return NO_ACCOUNT;
    if (lockOf(user) === "owner") return { ok: false, reason: "locked-by-owner", email: user.email };
    const endedLock = await endLock(user.id, "operator", tx);
    await forgetProofs(user.id, tx);
    const forgotCodes = await forgetWrongCodes(user.id, tx);
    const browserIds = await findBrowserIds(user.id, tx);
    const forgotFailures = (await forgetFailures(user.emailCanonical, tx, browserIds)) || forgotCodes;
    if (endedLock || forgotFailures) await record("unlocked", { userId: user.id }, client, tx);
    const isLockedByOwner = user.lockedByOwnerAt !== null;
    return { ok: true, email: user.email, endedLock, forgotFailures, isLockedByOwner };
  });
}

/**
 * Makes the link of a password-reset email, for where no email can be sent. The person who has it can take the account
 * over: hand it over in person.
 */
export async function makeResetLink(email: string, client: ClientInfo): Promise<ResetLinkOutcome> {
  return db.$transaction(async (tx) => {
    const user = await findUser(email, tx);
    if (!user) return NO_ACCOUNT;
    const owner = { userId: user.id, emailCanonical: user.emailCanonical, isMailed: false };
    const link = await makeLinkToken("reset-password", owner, tx);
    await record("reset-link-made", { userId: user.id }, client, tx);
    return { ok: true, email: user.email, link };
  });
}

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
    const user = await findUser(email, tx);
    if (!user) return NO_ACCOUNT;
    const { passkeyAt, appAt } = await findOtherWaysIn(user.id, tx);
    const hadFactors = passkeyAt !== null || appAt !== null;
    if (hadFactors) await endAccess(user.id, tx);
    await dropFactors(user.id, tx);
    await forgetProofs(user.id, tx);
    await forgetWrongCodes(user.id, tx);
    const left = await findSoleWaysIn(user.id, tx);
    if (!hadFactors) return { ok: true, email: user.email, hadFactors, isTold: false, left };
    await record("factors-reset", { userId: user.id }, client, tx);
    const isTold = await sendSecurityAlert(user, factorsResetEmail(left), client, tx);
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
    const user = await findUser(email, tx);
    if (!user) return NO_ACCOUNT;
    const ended = (await findConnections(user.id, tx)).map(({ provider }) => labelOf(provider));
    const hasWayIn = await hasPasswordOrPasskey(user.id, tx);
    const left = await findOtherWaysIn(user.id, tx);
    if (ended.length === 0) return { ok: true, email: user.email, ended, hasWayIn, left, isTold: false };
    await dropConnections(user.id, tx);
    await endAccess(user.id, tx);
    await record("connections-ended", { userId: user.id, how: BY_OPERATOR }, client, tx);
    const isTold = await sendSecurityAlert(user, connectionsEndedEmail(ended, hasWayIn, left), client, tx);
    return { ok: true, email: user.email, ended, hasWayIn, left, isTold };
  });
}

/** What there is to know of an account before anything is done with it; null when no account has that address. */
export async function findAccountFacts(email: string): Promise<AccountFacts | null> {
  const user = await db.user.findUnique({
    where: { emailCanonical: canonical(email) },
    select: {
      id: true,
      username: true,
      email: true,
      createdAt: true,
      emailVerified: true,
      lockedByOwnerAt: true,
      lockedByOperatorAt: true,
      deleteAt: true,
    },
  });
  if (!user) return null;
  const { id, lockedByOwnerAt, lockedByOperatorAt, ...facts } = user;
  const lockedBy: LockedBy[] = [];
  if (lockedByOwnerAt !== null) lockedBy.push("owner");
  if (lockedByOperatorAt !== null) lockedBy.push("operator");
  const working = await countWorkingPasskeys(id);
  const passkeys = { working, idle: (await countPasskeys(id)) - working };
  const connections = (await listConnections(id)).map(({ label }) => label);
  return { ...facts, lockedBy, factors: await findFactors(id), passkeys, connections };
}

/**
 * Keeps an account that was to be deleted, and tells its owner. Sessions that waited for an answer end: their people log in
 * again.
 */
export async function keepAsOperator(email: string, client: ClientInfo): Promise<KeepOutcome> {
  return db.$transaction(async (tx) => {
    const user = await findUser(email, tx);
    if (!user) return NO_ACCOUNT;
    const deleteAt = await endDeletion(user.id, tx);
    if (deleteAt) {
      await revokeSessions(user.id, tx);
      await record("deletion-cancelled", { userId: user.id }, client, tx);
      await tellKept(user, deleteAt, "kept", tx);
    }
    return { ok: true, email: user.email, wasLeaving: deleteAt !== null };
  });
}

/** No security alert: it was no stranger who did it. An address never confirmed may be a stranger's and gets nothing. */
async function tellKept(
  { id, email, username }: { id: string; email: string; username: string },
  deleteAt: Date,
  how: "kept" | "locked",
  tx: Tx,
): Promise<void> {
  if (!features().mail || !(await isConfirmed(id, tx))) return;
  await enqueueEmail(accountKeptByOperatorEmail({ email, username }, deleteAt, how), tx);
}

/**
 * Erases an account now, whether or not its owner has asked for that. Nothing brings it back.
 * @param username typed out, so that no other account is meant
 */
export async function eraseAsOperator(email: string, username: string): Promise<EraseOutcome> {
  const user = await db.user.findUnique({
    where: { emailCanonical: canonical(email) },
    select: { id: true, email: true, usernameCanonical: true },
  });
  if (!user) return NO_ACCOUNT;
  if (canonical(username) !== user.usernameCanonical) return { ok: false, reason: "other-username" };
  return (await eraseAccount(user.id)) ? { ok: true, email: user.email } : NO_ACCOUNT;
}

/** Where the site last started, as its links begin; null: it never has. */
export async function lastOrigin(): Promise<string | null> {
  const noted = await db.installation.findUnique({
    where: { id: INSTALLATION_ID },
    select: { origin: true },
  });
  return noted?.origin ?? null;
}

const NO_ACCOUNT: NoAccount = { ok: false, reason: "no-account" };

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

async function findUser(email: string, tx: Tx) {
  const which = { emailCanonical: canonical(email) };
  await holdAccount(which, tx);
  return tx.user.findUnique({
    where: which,
    select: {
      id: true,
      username: true,
      email: true,
      emailCanonical: true,
      lockedByOwnerAt: true,
      lockedByOperatorAt: true,
    },
  });
}
