import "server-only";
import { passkeyChangedEmail } from "../../mail/emails/passkeys";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { isUniqueViolation } from "../../platform/db/errors";
import { features } from "../../platform/env";
import { describeBrowser } from "../../platform/user-agent";
import { record } from "../../security/audit";
import { nameOfAuthenticator } from "../../security/passkeys/authenticator-names";
import { askForNew, challengeIn, readRegistration, verifyNew } from "../../security/passkeys/ceremony";
import { type Asked, isChallengeFor, newChallenge, spendChallenge } from "../../security/passkeys/challenges";
import {
  countWorkingPasskeys,
  findPasskeys,
  handleOf,
  keepPasskey,
  type NewPasskey,
} from "../../security/passkeys/passkeys";
import { isMadeForHere, workingHere } from "../../security/passkeys/relying-party";
import { consumeFactorChange } from "../../security/rate-limits/second-factor-limits";
import { type CreationQuestion, PASSKEYS_MAX } from "../../shared/passkeys";
import type { AskingSession } from "../asking-session";
import { type Throttled, throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";
import { findOwner, holdForChange, type NotProven } from "../two-factor/authenticator";

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
  /** The question was answered already, or too long ago, or was put to another browser. */
  | { ok: false; reason: "question-over" }
  /** An account has it already. */
  | { ok: false; reason: "taken" }
  /** The account has as many as it may have. */
  | { ok: false; reason: "too-many" }
  | NotProven
  | Throttled;

/** What a browser is asked that is to make a passkey for this person. @param browser the secret in its cookie */
export async function askForPasskey(
  user: Maker,
  occasion: Occasion,
  browser: string,
): Promise<CreationQuestion> {
  const challenge = newChallenge(askedOf(user.id, occasion, browser));
  const { email, username } = user;
  return askForNew(
    challenge,
    { handle: await handleOf(user.id), email, username },
    (await findPasskeys(user.id)).filter(isMadeForHere),
  );
}

function askedOf(userId: string, purpose: Occasion, browser: string): Asked {
  return { purpose, browser, subject: userId };
}

/**
 * Adds a passkey to an account and tells its owner. For somebody whose proof of who they are is recent, a second factor
 * included: that is for the caller to ask (ASVS v5.0.0-7.5.1). It is called as its authenticator is, or else as the browser
 * that made it.
 * @param answer as the browser sends it, with the secret in its cookie
 */
export async function addPasskey(
  session: AskingSession,
  occasion: Occasion,
  answer: { json: unknown; browser: string },
  client: ClientInfo,
): Promise<AddPasskeyOutcome> {
  const userId = session.user.id;
  const made = await check(userId, occasion, answer);
  if (!made.ok) return made;
  const wait = await consumeFactorChange(userId);
  if (wait !== null) {
    await record("second-factor-change-throttled", { userId }, client);
    return throttled("attempts", wait);
  }
  // Written down only now: above the limit nobody writes rows.
  if (!(await spendChallenge(made.challenge))) return { ok: false, reason: "question-over" };
  try {
    return await db.$transaction(async (tx) => {
      const refusal = await holdForChange(session, tx);
      if (refusal) return refusal;
      if ((await countWorkingPasskeys(userId, tx)) >= PASSKEYS_MAX) return { ok: false, reason: "too-many" };
      const name = nameOfAuthenticator(made.passkey.aaguid) ?? describeBrowser(client.userAgent);
      await keepPasskey(userId, name, made.passkey, tx);
      const what = occasion === "add" ? "added" : "offered";
      await sendSecurityAlert(await findOwner(userId, tx), passkeyChangedEmail(what), client, tx);
      await record(`passkey-${what}`, { userId }, client, tx);
      return { ok: true };
    });
  } catch (error) {
    if (isUniqueViolation(error)) return { ok: false, reason: "taken" };
    throw error;
  }
}

async function check(
  userId: string,
  occasion: Occasion,
  { json, browser }: { json: unknown; browser: string },
): Promise<
  { ok: true; passkey: NewPasskey; challenge: string } | { ok: false; reason: "refused" | "question-over" }
> {
  const registration = features().passkeys ? readRegistration(json) : null;
  const challenge = registration && challengeIn(registration);
  if (!registration || challenge === null) return { ok: false, reason: "refused" };
  if (!isChallengeFor(askedOf(userId, occasion, browser), challenge))
    return { ok: false, reason: "question-over" };
  const passkey = await verifyNew(registration, challenge, occasion === "offer");
  if (!passkey) return { ok: false, reason: "refused" };
  return { ok: true, passkey, challenge };
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
