import "server-only";
import { newLoginEmail } from "../../mail/emails/new-login";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { env } from "../../platform/env";
import { record } from "../../security/audit";
import { rememberBrowser } from "../../security/known-browsers";
import { type OpenedSession, openSession, revokeSession } from "../../security/sessions";
import { type LockedBy, lockOf } from "../locks";
import type { Throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";
import { requestVerification } from "../verify-email";
import { isPasswordUnchanged, type ProvenUser } from "./prove-password";

export type LoginOutcome =
  /** `browserToken` is the value for the known-browser cookie. */
  | { ok: true; session: OpenedSession; browserToken: string }
  /** Unknown email or wrong password; which of them is not told. */
  | { ok: false; reason: "refused" }
  /** REQUIRE_VERIFIED_EMAIL is set: another email is on its way. */
  | { ok: false; reason: "unverified" }
  /** Only ever told to a person who proved that the account is theirs. */
  | { ok: false; reason: "locked"; by: LockedBy }
  | Throttled;

/** What `admit` itself can answer. */
export type AdmitOutcome = Exclude<LoginOutcome, Throttled>;

export interface AdmitOptions {
  isRemembered: boolean;
  /** The session this browser held before, which ends with the login; null when it held none. */
  previousSessionToken: string | null;
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
  const outcome = await db.$transaction((tx) => openIfAllowed(user, how, client, options, tx));
  const { id: userId } = user;
  if (outcome.ok) await record("login", { userId }, client);
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
  { isRemembered, previousSessionToken }: AdmitOptions,
  tx: Tx,
): Promise<AdmitOutcome> {
  if (!(await isProofValid(user, how, tx))) return { ok: false, reason: "refused" };
  const account = await tx.user.findUniqueOrThrow({
    where: { id: user.id },
    select: { lockedByOwnerAt: true, lockedByOperatorAt: true, emailVerified: true, firstLoginAt: true },
  });
  const by = lockOf(account);
  if (by !== null) return { ok: false, reason: "locked", by };
  if (env().requireVerifiedEmail && account.emailVerified === null)
    return { ok: false, reason: "unverified" };

  if (previousSessionToken !== null) await revokeSession(previousSessionToken, tx);
  const browser = await rememberBrowser(user.id, client, tx);
  // That the first login after registering comes from a new browser is no news.
  if (account.firstLoginAt === null) await noteFirstLogin(user.id, tx);
  else if (browser.isNew) await sendSecurityAlert(user, newLoginEmail, client, tx);
  const session = await openSession(user.id, isRemembered, client, tx);
  return { ok: true, session, browserToken: browser.token };
}

/** False when the account has changed since the proof, so that it proves nothing now. */
async function isProofValid(user: ProvenUser, how: "password", tx: Tx): Promise<boolean> {
  switch (how) {
    case "password":
      return isPasswordUnchanged(user, tx);
  }
}

async function noteFirstLogin(id: string, tx: Tx): Promise<void> {
  await tx.user.update({ where: { id }, data: { firstLoginAt: new Date() }, select: { id: true } });
}
