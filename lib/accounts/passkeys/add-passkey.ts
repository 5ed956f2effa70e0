import "server-only";
import { passkeyChangedEmail } from "../../mail/emails/passkeys";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { isUniqueViolation } from "../../platform/db/errors";
import { features } from "../../platform/env";
import { describeBrowser } from "../../platform/user-agent";
import { record } from "../../security/audit";
import { endLinksWithFactors } from "../../security/link-tokens";
import { nameOfAuthenticator } from "../../security/passkeys/authenticator-names";
import { askForNew, challengeIn, readRegistration, verifyNew } from "../../security/passkeys/ceremony";
import {
  type Asked,
  isChallengeFor,
  isChallengeSpent,
  newChallenge,
  spendChallenge,
} from "../../security/passkeys/challenges";
import {
  countWorkingPasskeys,
  findPasskeys,
  handleOf,
  keepPasskey,
  type NewPasskey,
} from "../../security/passkeys/passkeys";
import { isMadeForHere, workingHere } from "../../security/passkeys/relying-party";
import type { PendingLogin } from "../../security/two-factor/pending-logins";
import { type CreationQuestion, PASSKEYS_MAX } from "../../shared/passkeys";
import type { AskingSession } from "../asking-session";
import {
  countFactorChange,
  holdForChange,
  holdForSetUp,
  mayAddFactor,
  type NotProven,
} from "../factor-change";
import { endTrustAndPending, hasSecondFactor } from "../factors";
import type { Throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";

/** Why a passkey is made: its person wants one, or the browser saves one by itself after a login. */
export type Occasion = "add" | "offer";

/** Somebody logged in, as a new passkey is made for. */
interface Maker {
  id: string;
  email: string;
  username: string;
}

export type AddPasskeyOutcome =
  | { ok: true }
  /** The browser's answer does not fit. */
  | { ok: false; reason: "refused" }
  /** The question was answered already, or too long ago, or was put elsewhere. */
  | { ok: false; reason: "question-over" }
  /** An account has it already. */
  | { ok: false; reason: "taken" }
  /** The account has as many as it may have. */
  | { ok: false; reason: "too-many" }
  | NotProven
  | Throttled;

/** What a browser is asked that is to make a passkey for this person. @param subject the session, or the login that waits */
export async function askForPasskey(
  user: Maker,
  occasion: Occasion,
  subject: string,
): Promise<CreationQuestion> {
  const challenge = newChallenge({ purpose: occasion, subject });
  const { email, username } = user;
  return askForNew(
    challenge,
    { handle: await handleOf(user.id), email, username },
    (await findPasskeys(user.id)).filter(isMadeForHere),
  );
}

/**
 * Adds a passkey to an account and tells its owner. For somebody whose proof of who they are is recent, a second factor
 * included: that is for the caller to ask (ASVS v5.0.0-7.5.1). It is called as its authenticator is, or else as the browser
 * that made it.
 * @param json the answer, as the browser sends it
 */
export async function addPasskey(
  session: AskingSession,
  occasion: Occasion,
  json: unknown,
  client: ClientInfo,
): Promise<AddPasskeyOutcome> {
  const { id: subject, user } = session;
  const made = await check(json, { purpose: occasion, subject }, user.id, client);
  if (!made.ok) return made;
  return addUnlessTaken(async (tx) => {
    const refusal = await holdForChange(session, tx);
    return refusal ?? keep(user.id, made.passkey, occasion === "add" ? "added" : "offered", client, tx);
  });
}

/**
 * The same in the midst of a login, where the site requires a second factor and the account has none yet. The login goes on
 * to wait, and all others of the account end.
 */
export async function addPasskeyWhileLoggingIn(
  pending: PendingLogin,
  json: unknown,
  client: ClientInfo,
): Promise<AddPasskeyOutcome> {
  const { id: subject, user } = pending;
  if (await hasSecondFactor(user.id)) return { ok: false, reason: "session-over" }; // uses up none of the owner's changes
  if (!(await mayAddFactor(pending))) return { ok: false, reason: "proof-needed" };
  const made = await check(json, { purpose: "add", subject }, user.id, client);
  if (!made.ok) return made;
  return addUnlessTaken(async (tx) => {
    if (!(await holdForSetUp(pending, tx))) return { ok: false, reason: "session-over" };
    await endTrustAndPending(user.id, tx, pending);
    return keep(user.id, made.passkey, "added", client, tx);
  });
}

/** Counts the change only for a right answer, as one of an app. */
async function check(
  json: unknown,
  asked: Asked,
  userId: string,
  client: ClientInfo,
): Promise<{ ok: true; passkey: NewPasskey } | Exclude<AddPasskeyOutcome, { ok: true }>> {
  const registration = features().passkeys ? readRegistration(json) : null;
  const challenge = registration && challengeIn(registration);
  if (!registration || challenge === null) return { ok: false, reason: "refused" };
  if (!isChallengeFor(asked, challenge)) return { ok: false, reason: "question-over" };
  const passkey = await verifyNew(registration, challenge, asked.purpose === "offer");
  if (!passkey) return { ok: false, reason: "refused" };
  if (await isChallengeSpent(challenge)) return { ok: false, reason: "question-over" };
  const refusal = await countFactorChange(userId, client);
  if (refusal) return refusal;
  // Written down only now: above the limit nobody writes rows.
  if (!(await spendChallenge(challenge))) return { ok: false, reason: "question-over" };
  return { ok: true, passkey };
}

/** Runs a transaction that adds a passkey. When an account has it already everything is undone. */
async function addUnlessTaken(work: (tx: Tx) => Promise<AddPasskeyOutcome>): Promise<AddPasskeyOutcome> {
  try {
    return await db.$transaction(work);
  } catch (error) {
    if (isUniqueViolation(error)) return { ok: false, reason: "taken" };
    throw error;
  }
}

async function keep(
  userId: string,
  passkey: NewPasskey,
  what: "added" | "offered",
  client: ClientInfo,
  tx: Tx,
): Promise<AddPasskeyOutcome> {
  if ((await countWorkingPasskeys(userId, tx)) >= PASSKEYS_MAX) return { ok: false, reason: "too-many" };
  const name = nameOfAuthenticator(passkey.aaguid) ?? describeBrowser(client.userAgent);
  await keepPasskey(userId, name, passkey, tx);
  // A new address could end what is new. One that the browser saves by itself ends nothing that its owner has asked for.
  if (what === "added") await endLinksWithFactors(userId, tx);
  await sendSecurityAlert(userId, passkeyChangedEmail(what), client, tx);
  await record(`passkey-${what}`, { userId }, client, tx);
  return { ok: true };
}

/** True where this person's browser may be asked, once, to save a passkey by itself: they have none. */
export async function isOfferDue(userId: string, tx: Tx = db): Promise<boolean> {
  if (!features().passkeys) return false;
  return (await tx.user.count({ where: offerable(userId) })) === 1;
}

/** Notes that the browser is asked. False for all but one of any number: nobody is asked twice. */
export async function takeOffer(userId: string): Promise<boolean> {
  const { count } = await db.user.updateMany({
    where: offerable(userId),
    data: { passkeyOfferedAt: new Date() },
  });
  return count === 1;
}

function offerable(id: string) {
  return { id, passkeyOfferedAt: null, passkeys: { none: workingHere() } };
}
