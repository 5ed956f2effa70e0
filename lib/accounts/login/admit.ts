import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { env, features } from "../../platform/env";
import { logError } from "../../platform/log";
import { type AuditEventName, record } from "../../security/audit";
import { rememberBrowser } from "../../security/known-browsers";
import { countLoginAlert, mayCauseLoginAlert } from "../../security/rate-limits/rate-limits";
import { findLoginOf, type OpenedSession, openSession, revokeSession } from "../../security/sessions";
import { HOUR_MS } from "../../shared/units";
import { type LockedBy, lockOf } from "../locks";
import type { Throttled } from "../outcomes";
import { sendLoginAlert } from "../security-alerts";
import { requestVerification } from "../verification-email";
import { isPasswordUnchanged, type ProvenUser } from "./prove-password";

export type LoginOutcome =
  /**
   * `browserToken` is the value for the known-browser cookie. `isLeaving`: the account is to be deleted, and until its person
   * keeps it the session opens one page, which asks for that.
   */
  | { ok: true; session: OpenedSession; browserToken: string; isLeaving: boolean }
  /** Unknown email or wrong password; which of them is not told. */
  | { ok: false; reason: "refused" }
  /** REQUIRE_VERIFIED_EMAIL is set: another email is on its way. */
  | { ok: false; reason: "unverified" }
  /** Only ever told to a person who proved that the account is theirs. */
  | { ok: false; reason: "locked"; by: LockedBy }
  | Throttled;

/** So long after registering the first login is the newcomer's own, in milliseconds. */
const NEWCOMER_MS = HOUR_MS;

/** What `admit` itself can answer. */
export type AdmitOutcome = Exclude<LoginOutcome, Throttled>;

/** The same, and whether the owner is to be told of it. */
interface Opened {
  outcome: AdmitOutcome;
  isNews: boolean;
}

export interface AdmitOptions {
  isRemembered: boolean;
  /** The session this browser held before, which ends with the login; null when it held none. */
  previousSessionToken: string | null;
  /** True for the browser that has just confirmed the account's address: its first login is no news. */
  isConfirming?: boolean;
  /** True where somebody logged in proves again who they are: the history has it under another name. */
  isReauthentication?: boolean;
}

/**
 * The one gate of every login. Each way to prove who one is ends here, and what may keep a proven person out is asked here
 * and nowhere else: first the lock, then the confirmed address. Then the session is opened, in the same transaction: a
 * reset or a lock comes before it and refuses it, or after it and ends it.
 */
export async function admit(
  user: ProvenUser,
  how: "password",
  client: ClientInfo,
  options: AdmitOptions,
): Promise<AdmitOutcome> {
  const hasMail = features().mail;
  // Above the limits an email is put off, never left out: else a thief would fill them first.
  const isPutOff = hasMail && !(await mayCauseLoginAlert(client));
  const { outcome, hasAlerted } = await db.$transaction(async (tx) => {
    const { outcome, isNews } = await openIfAllowed(user, how, client, options, tx);
    return { outcome, hasAlerted: isNews && hasMail && (await sendLoginAlert(user, client, isPutOff, tx)) };
  });
  if (hasAlerted) await countLoginAlert(client).catch(logError);
  const { id: userId } = user;
  const event = options.isReauthentication ? "re-authenticated" : "login";
  if (outcome.ok) await record(event, { userId }, client);
  else if (outcome.reason === "locked") await record("login-locked", { userId }, client);
  else if (outcome.reason === "unverified") {
    await record("login-unverified", { userId }, client);
    await requestVerification(user, client); // where there were too many emails, the last one still works
  }
  return outcome;
}

async function openIfAllowed(
  user: ProvenUser,
  how: "password",
  client: ClientInfo,
  { isRemembered, previousSessionToken, isConfirming = false, isReauthentication = false }: AdmitOptions,
  tx: Tx,
): Promise<Opened> {
  if (!(await isProofValid(user, how, tx))) return refusal({ reason: "refused" });
  const account = await tx.user.findUniqueOrThrow({
    where: { id: user.id },
    select: {
      lockedByOwnerAt: true,
      lockedByOperatorAt: true,
      emailVerified: true,
      firstLoginAt: true,
      deleteAt: true,
    },
  });
  const by = lockOf(account);
  if (by !== null) return refusal({ reason: "locked", by });
  if (env().requireVerifiedEmail && account.emailVerified === null) return refusal({ reason: "unverified" });

  const loggedInAt =
    isReauthentication && previousSessionToken !== null ? await findLoginOf(previousSessionToken, tx) : null;
  if (previousSessionToken !== null) await revokeSession(previousSessionToken, tx);
  const session = await openSession(user.id, isRemembered, client, tx, loggedInAt);
  const browser = await rememberBrowser(user.id, client, tx);
  const isFirst = account.firstLoginAt === null;
  if (isFirst) await noteFirstLogin(user.id, tx);
  // An address never confirmed may be a stranger's, to whom every login would send an email. That a person logs in who has
  // just registered is no news. Any other first login is: the first to try the password of an imported account may be a thief.
  const isExpected = isFirst && (isConfirming || (await hasJustRegistered(user.id, tx)));
  const isNews = browser.isNew && account.emailVerified !== null && !isExpected;
  const isLeaving = account.deleteAt !== null;
  return { outcome: { ok: true, session, browserToken: browser.token, isLeaving }, isNews };
}

function refusal(why: { reason: "refused" | "unverified" } | { reason: "locked"; by: LockedBy }): Opened {
  return { outcome: { ok: false, ...why }, isNews: false };
}

/** False when the account has changed since the proof, so that it proves nothing now. */
async function isProofValid(user: ProvenUser, how: "password", tx: Tx): Promise<boolean> {
  switch (how) {
    case "password":
      return isPasswordUnchanged(user, tx);
  }
}

/** By the account's history: a row that was written any other way, such as an import, may be as young. */
async function hasJustRegistered(userId: string, tx: Tx): Promise<boolean> {
  const since = new Date(Date.now() - NEWCOMER_MS);
  const registered = await tx.auditEvent.findFirst({
    where: { userId, at: { gt: since }, event: "registered" satisfies AuditEventName },
    select: { id: true },
  });
  return registered !== null;
}

async function noteFirstLogin(id: string, tx: Tx): Promise<void> {
  await tx.user.update({ where: { id }, data: { firstLoginAt: new Date() }, select: { id: true } });
}
