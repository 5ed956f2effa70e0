import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { env, features } from "../../platform/env";
import { logError } from "../../platform/log";
import type { Addressee } from "../../security/addressee";
import { record } from "../../security/audit";
import { holdAccount } from "../../security/hold-account";
import { isTrustedBrowser, rememberBrowser, trustBrowser } from "../../security/known-browsers";
import { countLoginAlert, mayCauseLoginAlert } from "../../security/rate-limits/visitor-limits";
import { findLoginOf } from "../../security/session-proof";
import { type OpenedSession, openSession, revokeSession } from "../../security/sessions";
import {
  isStillPending,
  type OpenedPendingLogin,
  openPendingLogin,
  type PendingLogin,
  type TakenLogin,
  takePendingLogin,
} from "../../security/two-factor/pending-logins";
import { SessionEndedError } from "../asking-session";
import { hasSecondFactor } from "../factors";
import { type LockedBy, lockOf } from "../locks";
import { hasJustRegistered, isNeverEntered } from "../newcomers";
import type { Throttled } from "../outcomes";
import { sendLoginAlert } from "../security-alerts";
import { requestVerification } from "../verification-email";
import { takeHalfDoneBack, tellOfHalfDone, tellOfPassword } from "./half-done";
import { isPasskeyUsable, type ProvenByPasskey } from "./prove-passkey";
import { isPasswordUnchanged, type ProvenUser } from "./prove-password";
import { isConnectionUsable, type ProvenByProvider } from "./prove-provider";

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
  /** The first proof was right. Nothing is open before the second, which `pending` waits for. */
  | { ok: false; reason: "second-factor"; pending: OpenedPendingLogin }
  | Throttled;

/** What `admit` itself can answer. */
export type AdmitOutcome = Exclude<LoginOutcome, Throttled>;

/**
 * The same, and whether the owner is to be told of it: of a login that waits, if its browser is
 * unknown and it goes no further.
 */
interface Opened {
  outcome: AdmitOutcome;
  isNews: boolean;
  /** How the history tells that it was proved; empty where it was not. */
  provedBy: string;
}

/** A proof by a provider, named as in the settings. */
export type ByProvider = `provider:${string}`;

/** What is proven first; the account's history names it. */
export type FirstFactor = "password" | "passkey" | ByProvider;

/** What is proven second. Only what has just found it right may say so. */
export type SecondFactor = "code" | "recovery-code" | "passkey";

/** A login that has waited for its second proof, which is here now. */
type WaitedFor = Addressee & { pending: Pick<PendingLogin, "id" | "how" | "provenAt"> };

/** Somebody with a first proof, by the way in which it is given. */
interface Proven {
  password: ProvenUser;
  passkey: ProvenByPasskey;
  provider: ProvenByProvider;
  "pending-login": WaitedFor;
}

export interface AdmitOptions {
  isRemembered: boolean;
  /** The session this browser held before, which ends with the login; null when it held none. */
  previousSessionToken: string | null;
  /** True for the browser that has just confirmed the account's address: its first login is no news. */
  isConfirming?: boolean;
  /** True where somebody logged in proves again who they are: the history has it under another name. */
  isReauthentication?: boolean;
  /** The second factor that was proven as well; left out where none was. */
  secondFactor?: SecondFactor;
  /** True where this browser is not to be asked for the second factor again for a while. */
  trustsBrowser?: boolean;
}

/**
 * The one gate of every login. Each way to prove who one is ends here, and what may keep a proven person out is asked here
 * and nowhere else: first the lock, then the confirmed address, then the second factor. Then the session is opened, in the
 * same transaction: a reset or a lock comes before it and refuses it, or after it and ends it. A login that has waited for
 * its second factor is asked everything again. A passkey has verified its person, so it is both factors; a provider is
 * one, whatever it has asked its person for.
 */
export async function admit<How extends keyof Proven>(
  user: Proven[How],
  how: How,
  client: ClientInfo,
  options: AdmitOptions,
): Promise<AdmitOutcome> {
  const hasMail = features().mail;
  // Above the limits an email is put off, never left out: else a thief would fill them first.
  const isPutOff = hasMail && !(await mayCauseLoginAlert(client));
  const admitting = db.$transaction(async (tx) => {
    const opened = await openIfAllowed(user, how, client, options, tx);
    const hasAlerted =
      opened.outcome.ok && opened.isNews && hasMail && (await sendLoginAlert(user.id, client, isPutOff, tx));
    return { ...opened, hasAlerted };
  });
  const { outcome, isNews, provedBy, hasAlerted } = await admitting.catch((error: unknown) => {
    if (error instanceof SessionEndedError) return { ...refusal({ reason: "refused" }), hasAlerted: false };
    throw error;
  });
  if (hasAlerted) await countLoginAlert(client).catch(logError);
  const { id: userId } = user;
  const event = options.isReauthentication ? "re-authenticated" : "login";
  if (outcome.ok) await record(event, { userId, how: provedBy }, client);
  else if (outcome.reason === "second-factor") {
    await record("login-half-done", { userId }, client);
    if (isNews && hasMail) await tellOfHalfDone(user, outcome.pending, client).catch(logError);
  } else if (outcome.reason === "locked") await record("login-locked", { userId }, client);
  else if (outcome.reason === "unverified") {
    await record("login-unverified", { userId }, client);
    await requestVerification(user, client); // where there were too many emails, the last one still works
  }
  return outcome;
}

async function openIfAllowed<How extends keyof Proven>(
  user: Proven[How],
  how: How,
  client: ClientInfo,
  options: AdmitOptions,
  tx: Tx,
): Promise<Opened> {
  const { isRemembered, previousSessionToken, isConfirming = false, isReauthentication = false } = options;
  if (!(await IS_VALID[how](user, tx))) return refusal({ reason: "refused" });
  const begun = await takeBegun(user, client, tx);
  const asking =
    isReauthentication && previousSessionToken !== null ? await findLoginOf(previousSessionToken, tx) : null;
  // What was given at a provider may be older than the end of the session that asked for it.
  const needsAsking = isReauthentication && (how === "provider" || how === "pending-login");
  if (needsAsking && asking === null) throw new SessionEndedError();
  const account = await tx.user.findUniqueOrThrow({
    where: { id: user.id },
    select: {
      lockedByOwnerAt: true,
      lockedByOperatorAt: true,
      emailVerified: true,
      createdAt: true,
      firstLoginAt: true,
      deleteAt: true,
    },
  });
  const by = lockOf(account);
  if (by !== null) return refusal({ reason: "locked", by });
  if (env().requireVerifiedEmail && account.emailVerified === null) return refusal({ reason: "unverified" });
  const isFirst = isNeverEntered(account);
  // An address never confirmed may be a stranger's, to whom every login would send an email. That a person logs in who has
  // just registered is no news. Any other first login is: the first to try the password of an imported account may be a thief.
  const isExpected = isFirst && (isConfirming || (await hasJustRegistered(user.id, tx)));
  const mayBeNews = account.emailVerified !== null && !isExpected;
  const first = firstFactorOf(user, how);
  const second = how === "passkey" ? "none" : await findSecondProof(user.id, client, options, tx);
  const provenAt = isReauthentication ? null : lastProofOf(user);
  if (second === "missing") {
    const alertEmailId = begun?.alertEmailId ?? null;
    if (begun && first === "password") await tellOfPassword(user.id, begun, client, tx);
    const sessionId = asking?.id ?? null;
    const waiting = {
      userId: user.id,
      how: begun?.how === "password" ? begun.how : first, // both were right here: the password asks more of the owner
      isRemembered,
      isConfirming,
      alertEmailId,
      provenAt,
      sessionId,
    };
    const pending = await openPendingLogin(waiting, tx);
    return refusal({ reason: "second-factor", pending }, mayBeNews && !isReauthentication);
  }

  const wasAlive = previousSessionToken !== null && (await revokeSession(previousSessionToken, tx));
  if (needsAsking && !wasAlive) throw new SessionEndedError();
  const secondFactorAt = options.secondFactor || how === "passkey" ? new Date() : null;
  const session = await openSession(user.id, isRemembered, client, tx, {
    loggedInAt: asking?.createdAt ?? null,
    secondFactorAt,
    provenAt: provenAt ?? undefined,
  });
  const browser = await rememberBrowser(user.id, client, tx);
  if (options.secondFactor && options.trustsBrowser) await trustBrowser(user.id, browser.token, tx);
  if (isFirst) await noteFirstLogin(user.id, account.createdAt, tx);
  if (begun) await takeHalfDoneBack(user.id, begun, tx);
  const isNews = browser.isNew && mayBeNews;
  const isLeaving = account.deleteAt !== null;
  const provedBy = second === "none" ? first : `${first}+${second}`;
  return { outcome: { ok: true, session, browserToken: browser.token, isLeaving }, isNews, provedBy };
}

/**
 * A provider lets a browser that is logged in there through without a question, so a login by it is as good a proof as the
 * last one that its person gave there, also once it has waited for a second factor. One that does not say when that was has
 * shown no recent one. Null: the proof is of this moment.
 */
function lastProofOf(user: Proven[keyof Proven]): Date | null {
  if ("pending" in user) return user.pending.provenAt;
  return "connection" in user ? new Date(Math.min(user.authenticatedAt?.getTime() ?? 0, Date.now())) : null;
}

/** As the account's history has it. */
function firstFactorOf<How extends keyof Proven>(user: Proven[How], how: How): string {
  if ("pending" in user) return user.pending.how;
  return "connection" in user ? (`provider:${user.connection.provider}` satisfies ByProvider) : how;
}

type Refusal =
  | { reason: "refused" | "unverified" }
  | { reason: "locked"; by: LockedBy }
  | { reason: "second-factor"; pending: OpenedPendingLogin };

function refusal(why: Refusal, isNews = false): Opened {
  return { outcome: { ok: false, ...why }, isNews, provedBy: "" };
}

/** False when the account has changed since the proof, so that it proves nothing now. Each holds the account. */
const IS_VALID: { [How in keyof Proven]: (user: Proven[How], tx: Tx) => Promise<boolean> } = {
  password: isPasswordUnchanged,
  passkey: isPasskeyUsable,
  provider: isConnectionUsable,
  "pending-login": async ({ id, pending }, tx) =>
    (await holdAccount({ id }, tx)) && (await isStillPending({ id: pending.id }, tx)),
};

/** Ends the waiting of the login that goes on, or of one that this browser has begun before: this one takes its place. */
async function takeBegun(
  user: Proven[keyof Proven],
  { pendingToken }: ClientInfo,
  tx: Tx,
): Promise<TakenLogin | null> {
  if ("pending" in user) return takePendingLogin(user.id, { id: user.pending.id }, tx);
  return pendingToken ? takePendingLogin(user.id, { token: pendingToken }, tx) : null;
}

/**
 * What is proven beside the first factor: "none" is asked for, or it is "missing". Who proves again who they are has to show
 * a factor that the account has, from any browser, and is not led to set one up.
 */
async function findSecondProof(
  userId: string,
  client: ClientInfo,
  { secondFactor, isReauthentication = false }: AdmitOptions,
  tx: Tx,
): Promise<SecondFactor | "trusted-browser" | "none" | "missing"> {
  if (secondFactor) return secondFactor;
  if (!(await hasSecondFactor(userId, tx)))
    return env().requireTwoFactor && !isReauthentication ? "missing" : "none";
  const isTrusted = !isReauthentication && (await isTrustedBrowser(userId, client.browserToken, tx));
  return isTrusted ? "trusted-browser" : "missing";
}

/** Not before the account began, by whichever instance's clock: see {@link isNeverEntered}. */
async function noteFirstLogin(id: string, createdAt: Date, tx: Tx): Promise<void> {
  const firstLoginAt = new Date(Math.max(Date.now(), createdAt.getTime()));
  await tx.user.update({ where: { id }, data: { firstLoginAt }, select: { id: true } });
}
