import "server-only";
import { connectionChangedEmail } from "../../mail/emails/connections";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { isUniqueViolation } from "../../platform/db/errors";
import { env, features } from "../../platform/env";
import { labelOf } from "../../platform/providers/configured-providers";
import { disownHistory, record } from "../../security/audit";
import { findConnected, keepConnection } from "../../security/connections/connections";
import {
  assertUsernameIsFree,
  isUsernameReserved,
  UsernameReservedError,
} from "../../security/former-usernames";
import { holdAccount } from "../../security/hold-account";
import {
  consumeRegistration,
  countRegistrationEmail,
  findRegistrationEmailWait,
} from "../../security/rate-limits/email-limits";
import { isReserved } from "../../security/ways-back";
import { canonical } from "../../shared/canonical";
import { beginAnew } from "../begin-anew";
import type { LockedBy } from "../locks";
import type { ProvenByProvider, ProviderIdentity } from "../login/prove-provider";
import { type Throttled, throttled } from "../outcomes";
import type { TakenField } from "../register";
import { alertOwner } from "../security-alerts";
import { enqueueVerification } from "../verification-email";

export type RegisterWithProviderOutcome =
  /** `isConfirmed`: the provider has shown that the address is theirs. */
  | { ok: true; user: ProvenByProvider; isConfirmed: boolean }
  | { ok: false; reason: "taken"; fields: TakenField[] }
  /** An account has the address, and the provider has shown that it is theirs: only to them is this told. */
  | { ok: false; reason: "has-account" }
  /** An account that somebody uses has it, and nobody has ever confirmed it: becoming theirs ends what was set in it. */
  | { ok: false; reason: "in-use" }
  /** The same, and the operator has locked it. */
  | { ok: false; reason: "locked"; by: LockedBy }
  /** An account has been connected with them meanwhile. */
  | { ok: false; reason: "connected" }
  | Throttled;

/** How often a registration begins again because somebody was quicker; who was may be gone at once, and so may the next. */
const TRIES_MAX = 5;

/** What the account gets, and what no two accounts have in common. */
interface Newcomer {
  username: string;
  email: string;
  takesOver: boolean;
  usernameCanonical: string;
  emailCanonical: string;
}

/**
 * True where somebody whom a provider means has an account already, by an address that the provider has shown to be theirs.
 * Of a mere claim nothing is looked up: a provider can name any address, and the answer would tell who has an account
 * (ASVS v5.0.0-6.3.8).
 */
export async function hasAccountAt(identity: ProviderIdentity): Promise<boolean> {
  if (!identity.isEmailProven || identity.email === null) return false;
  return (await findHolder(canonical(identity.email), db)) === "confirmed";
}

/** True where the address that a provider has shown to be theirs has an account in use, which nobody has ever confirmed. */
export async function isAddressInUse({ isEmailProven, email }: ProviderIdentity): Promise<boolean> {
  const holder = isEmailProven && email !== null ? await findHolder(canonical(email), db) : null;
  return holder !== null && holder !== "confirmed" && holder.isUsed;
}

/**
 * Makes an account for somebody who has come from a provider, connected with it and without a password; the rules, limits and
 * answers are those of `register`. An address that the provider has shown to be theirs is confirmed by that, and gets an email
 * with the link that locks. An account on it that was never confirmed becomes theirs, and nothing stays that a stranger may have
 * set in it; any other is left alone: its owner logs in with what they have, and connects it. Every other address is to be
 * confirmed, as after a registration.
 * @param takesOver true where they have said that such an account is to become theirs also while somebody uses it: that may be
 *   themselves, and where no email can be sent nobody is ever confirmed
 */
export async function registerWithProvider(
  identity: ProviderIdentity,
  { username, email, takesOver = false }: { username: string; email: string; takesOver?: boolean },
  client: ClientInfo,
): Promise<RegisterWithProviderOutcome> {
  const wait = await consumeRegistration(client);
  if (wait !== null) return refuseForNow(wait, client);
  const isConfirmed = identity.isEmailProven && canonical(email) === canonical(identity.email ?? "");
  const newcomer = {
    username,
    email,
    takesOver,
    usernameCanonical: canonical(username),
    emailCanonical: canonical(email),
  };
  const isMailed = features().mail && !isConfirmed;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const refusal = await findRefusal(newcomer, isConfirmed);
    if (refusal) return refusal;
    const emailWait = isMailed ? await findRegistrationEmailWait(newcomer.emailCanonical) : 0;
    if (emailWait > 0) return refuseForNow(emailWait, client);
    const userId = await insert(identity, newcomer, isConfirmed, client);
    if (userId !== null) {
      if (isMailed) await countRegistrationEmail(newcomer.emailCanonical);
      return found(userId, identity, isConfirmed);
    }
    // Somebody has been quicker: with the connection itself, or with what the next look finds.
    if (await findConnected(identity)) return { ok: false, reason: "connected" };
  }
  throw new Error(`a registration has failed ${TRIES_MAX} times, and nothing is in its way`);
}

async function found(
  id: string,
  { provider, issuer, subject, authenticatedAt }: ProviderIdentity,
  isConfirmed: boolean,
): Promise<RegisterWithProviderOutcome> {
  const user = await db.user.findUniqueOrThrow({
    where: { id },
    select: { id: true, username: true, email: true, emailCanonical: true },
  });
  return {
    ok: true,
    user: { ...user, connection: { provider, issuer, subject }, authenticatedAt },
    isConfirmed,
  };
}

/** An account whose address was never confirmed. */
interface Unconfirmed {
  id: string;
  /** True once somebody has logged in to it. */
  isUsed: boolean;
  /** By the operator. */
  isLocked: boolean;
}

/** Whose an address is: a confirmed account's, one's that was never confirmed, nobody's. */
async function findHolder(emailCanonical: string, tx: Tx): Promise<"confirmed" | Unconfirmed | null> {
  const holder = await tx.user.findUnique({
    where: { emailCanonical },
    select: { id: true, emailVerified: true, firstLoginAt: true, lockedByOperatorAt: true },
  });
  if (holder?.emailVerified) return "confirmed";
  if (holder)
    return {
      id: holder.id,
      isUsed: holder.firstLoginAt !== null,
      isLocked: holder.lockedByOperatorAt !== null,
    };
  return (await isReserved(emailCanonical, null, tx)) ? "confirmed" : null;
}

async function findRefusal(
  { usernameCanonical, emailCanonical, takesOver }: Newcomer,
  isConfirmed: boolean,
): Promise<Exclude<RegisterWithProviderOutcome, { ok: true }> | null> {
  const holder = await findHolder(emailCanonical, db);
  if (isConfirmed && holder === "confirmed") return { ok: false, reason: "has-account" };
  const own = isConfirmed && holder !== "confirmed" ? holder : null;
  if (own?.isLocked) return { ok: false, reason: "locked", by: "operator" };
  if (own?.isUsed && !takesOver) return { ok: false, reason: "in-use" };
  const ownId = own?.id ?? null;
  const other = await db.user.findUnique({ where: { usernameCanonical }, select: { id: true } });
  const isNameTaken =
    (other !== null && other.id !== ownId) || (await isUsernameReserved(usernameCanonical, ownId));
  const fields: TakenField[] = [];
  if (isNameTaken) fields.push("username");
  if (!isConfirmed && holder !== null) fields.push("email");
  return fields.length > 0 ? { ok: false, reason: "taken", fields } : null;
}

/** Makes the account, or takes the one over that was never confirmed; null when somebody else has been quicker. */
async function insert(
  identity: ProviderIdentity,
  newcomer: Newcomer,
  isConfirmed: boolean,
  client: ClientInfo,
): Promise<string | null> {
  try {
    return await db.$transaction(async (tx) => {
      const taken = isConfirmed ? await takeOver(newcomer, client, tx) : null;
      const id = taken ?? (await create(newcomer, isConfirmed, tx));
      await tx.user.update({ where: { id }, data: { name: identity.displayName }, select: { id: true } });
      await assertUsernameIsFree(newcomer.usernameCanonical, id, tx);
      await keepConnection(id, identity, tx);
      await enqueueVerification(id, client, tx);
      const alert = connectionChangedEmail(taken ? "taken-over" : "registered", labelOf(identity.provider));
      await alertOwner(id, alert, client, tx);
      const how = `provider:${identity.provider}`;
      await record("registered", { userId: id, how }, client, tx);
      return id;
    });
  } catch (error) {
    const isLost = error instanceof UsernameReservedError || error instanceof TakeOverRefusedError;
    if (isLost || isUniqueViolation(error)) return null;
    throw error;
  }
}

/** The address has become a confirmed account's or one's way back, or its account was logged in to or locked, at this moment. */
class TakeOverRefusedError extends Error {}

async function create(
  { takesOver: _, ...newcomer }: Newcomer,
  isConfirmed: boolean,
  tx: Tx,
): Promise<string> {
  const { id } = await tx.user.create({
    data: {
      ...newcomer,
      passwordHash: null,
      emailVerified: isConfirmed ? new Date() : null,
      wasConfirmationRequired: env().requireVerifiedEmail,
    },
    select: { id: true },
  });
  return id;
}

/**
 * Gives an account that was never confirmed to whom the provider has shown its address to be theirs: its password and all else
 * may be a stranger's.
 * @returns its id; null: no account has the address
 * @throws TakeOverRefusedError where it must not be taken over, as it is now
 */
async function takeOver(
  { username, email, takesOver, usernameCanonical, emailCanonical }: Newcomer,
  client: ClientInfo,
  tx: Tx,
): Promise<string | null> {
  await holdAccount({ emailCanonical }, tx);
  const holder = await findHolder(emailCanonical, tx);
  if (holder === null) return null;
  if (holder === "confirmed") throw new TakeOverRefusedError();
  const { id, isUsed, isLocked } = holder;
  if (isLocked || (isUsed && !takesOver)) throw new TakeOverRefusedError();
  await tx.user.update({
    where: { id },
    data: {
      username,
      usernameCanonical,
      email,
      passwordHash: null,
      emailVerified: new Date(),
      createdAt: new Date(),
      firstLoginAt: null,
      passkeyHandle: null,
      passkeyOfferedAt: null,
    },
    select: { id: true },
  });
  const deleteAt = await beginAnew({ id, emailCanonical }, true, tx);
  if (deleteAt) await record("deletion-cancelled", { userId: id }, client, tx);
  await disownHistory(id, tx); // nor that somebody had asked for the end of it
  await record("email-verified", { userId: id }, client, tx);
  return id;
}

async function refuseForNow(retryAfterSeconds: number, client: ClientInfo): Promise<Throttled> {
  await record("registration-throttled", { userId: null }, client);
  return throttled("accounts", retryAfterSeconds);
}
