import "server-only";
import { connectionChangedEmail } from "../../mail/emails/connections";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { isUniqueViolation } from "../../platform/db/errors";
import { env, features } from "../../platform/env";
import { labelOf } from "../../platform/providers/configured-providers";
import { ADDRESSEE_COLUMNS, type Addressee } from "../../security/addressee";
import { record } from "../../security/audit";
import { findConnected, keepConnection } from "../../security/connections/connections";
import {
  assertUsernameIsFree,
  isUsernameReserved,
  UsernameReservedError,
} from "../../security/former-usernames";
import {
  consumeRegistration,
  countRegistrationEmail,
  findRegistrationEmailWait,
} from "../../security/rate-limits/email-limits";
import { canonical } from "../../shared/canonical";
import { isProvenLately, type ProvenByProvider, type ProviderIdentity } from "../login/prove-provider";
import { type Throttled, throttled } from "../outcomes";
import type { TakenField } from "../register";
import { sendSecurityAlert } from "../security-alerts";
import { enqueueVerification } from "../verification-email";
import {
  findHolder,
  type Newcomer,
  refusalOfTakeOver,
  type TakeOverRefusal,
  TakeOverRefusedError,
  takeOver,
} from "./take-over";

export type RegisterWithProviderOutcome =
  /** `isConfirmed`: the provider has shown that the address is theirs. `isTakenOver`: the account was there before. */
  | { ok: true; user: ProvenByProvider; isConfirmed: boolean; isTakenOver: boolean }
  | { ok: false; reason: "taken"; fields: TakenField[] }
  /** An account has the address, and the provider has shown that it is theirs: only to them is this told. */
  | { ok: false; reason: "has-account" }
  /** An account has it that nobody has ever confirmed. */
  | TakeOverRefusal
  /** An account has been connected with them meanwhile. */
  | { ok: false; reason: "connected" }
  | Throttled;

/** How often a registration begins again because somebody was quicker; who was may be gone at once, and so may the next. */
const TRIES_MAX = 5;

/**
 * Makes an account for somebody who has come from a provider, connected with it and without a password; the rules, limits and
 * answers are those of `register`. An address that the provider has shown to be theirs is confirmed by that, and gets an email
 * with the link that locks. An account on it that was never confirmed becomes theirs, and nothing stays that a stranger may have
 * set in it; any other is left alone: its owner logs in with what they have, and connects it. Every other address is to be
 * confirmed, as after a registration.
 * @param takesOver true where they have said that such an account is to become theirs also while somebody uses it: that may be
 *   themselves, and where no email can be sent nobody is ever confirmed. It counts behind a recent proof alone: a provider lets a
 *   borrowed browser through without a question
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
    takesOver: takesOver && isProvenLately(identity),
    usernameCanonical: canonical(username),
    emailCanonical: canonical(email),
  };
  const isMailed = features().mail && !isConfirmed;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const refusal = await findRefusal(newcomer, isConfirmed);
    if (refusal) return refusal;
    const emailWait = isMailed ? await findRegistrationEmailWait(newcomer.emailCanonical) : 0;
    if (emailWait > 0) return refuseForNow(emailWait, client);
    const inserted = await insert(identity, newcomer, isConfirmed, client);
    if (inserted) {
      const { owner, isTakenOver } = inserted;
      if (isMailed) await countRegistrationEmail(newcomer.emailCanonical);
      const { provider, issuer, subject, authenticatedAt } = identity;
      const user = { ...owner, connection: { provider, issuer, subject }, authenticatedAt };
      return { ok: true, user, isConfirmed, isTakenOver };
    }
    // Somebody has been quicker: with the connection itself, or with what the next look finds.
    if (await findConnected(identity)) return { ok: false, reason: "connected" };
  }
  throw new Error(`a registration has failed ${TRIES_MAX} times, and nothing is in its way`);
}

async function findRefusal(
  { usernameCanonical, emailCanonical, takesOver }: Newcomer,
  isConfirmed: boolean,
): Promise<Exclude<RegisterWithProviderOutcome, { ok: true }> | null> {
  const holder = await findHolder(emailCanonical, db);
  if (isConfirmed && holder === "confirmed") return { ok: false, reason: "has-account" };
  const own = isConfirmed && holder !== "confirmed" ? holder : null;
  const refusal = own && refusalOfTakeOver(own, takesOver);
  if (refusal) return refusal;
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
): Promise<{ owner: Addressee; isTakenOver: boolean } | null> {
  try {
    return await db.$transaction(async (tx) => {
      const taken = isConfirmed ? await takeOver(newcomer, client, tx) : null;
      const id = taken?.id ?? (await create(newcomer, isConfirmed, tx));
      const data = { name: identity.displayName };
      const owner = await tx.user.update({ where: { id }, data, select: ADDRESSEE_COLUMNS });
      await assertUsernameIsFree(newcomer.usernameCanonical, id, tx);
      await keepConnection(id, identity, tx);
      await enqueueVerification(id, client, tx);
      // Of one that nobody was ever in they are told what they have just done.
      const change = taken?.mayBeUsed ? "taken-over" : "registered";
      await sendSecurityAlert(id, connectionChangedEmail(change, labelOf(identity.provider)), client, tx);
      const how = `provider:${identity.provider}`;
      await record("registered", { userId: id, how }, client, tx);
      return { owner, isTakenOver: taken !== null };
    });
  } catch (error) {
    const isLost = error instanceof UsernameReservedError || error instanceof TakeOverRefusedError;
    if (isLost || isUniqueViolation(error)) return null;
    throw error;
  }
}

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

async function refuseForNow(retryAfterSeconds: number, client: ClientInfo): Promise<Throttled> {
  await record("registration-throttled", { userId: null }, client);
  return throttled("accounts", retryAfterSeconds);
}
