import "server-only";
import { passkeyCopiedEmail } from "../../mail/emails/passkeys";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { features } from "../../platform/env";
import type { Addressee } from "../../security/addressee";
import { record } from "../../security/audit";
import { holdAccount } from "../../security/hold-account";
import {
  type Assertion,
  askForProof,
  challengeIn,
  readAssertion,
  verifyProof,
} from "../../security/passkeys/ceremony";
import {
  type Asked,
  isChallengeFor,
  isChallengeSpent,
  newChallenge,
  spendChallenge,
} from "../../security/passkeys/challenges";
import { isOwnHandle } from "../../security/passkeys/handles";
import {
  findPasskey,
  findPasskeys,
  noteCopy,
  notePasskeyUse,
  type StoredPasskey,
  type UsedPasskey,
} from "../../security/passkeys/passkeys";
import { isMadeForHere } from "../../security/passkeys/relying-party";
import { consumePasskey, mayTellOfCopy } from "../../security/rate-limits/proof-limits";
import type { RequestQuestion } from "../../shared/passkeys";
import { type Throttled, throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";

export type PasskeyProof =
  | { ok: true; user: ProvenByPasskey }
  /** No account has it. `wasOurs`: it was removed, or its account was; else it may be a neighbour's on this host. */
  | { ok: false; reason: "unknown-passkey"; wasOurs: boolean }
  /** The question was answered already, or too long ago, or was put elsewhere or for something else. */
  | { ok: false; reason: "question-over" }
  /** It does not fit, or passkeys are turned off. */
  | { ok: false; reason: "refused" }
  | Throttled;

/** The account of a person who has shown its passkey. Whether they may come in is for `admit` to say. */
export interface ProvenByPasskey extends Addressee {
  passkey: UsedPasskey;
}

/**
 * What a browser is asked that is to show a passkey.
 * @param userId whose passkeys are named to the browser; null: none is, and any of this site can answer
 */
export async function askForProofBy(asked: Asked, userId: string | null = null): Promise<RequestQuestion> {
  const known = userId === null ? [] : (await findPasskeys(userId)).filter(isMadeForHere);
  return askForProof(newChallenge(asked), known);
}

/**
 * Finds out whose passkey has answered a question of ours. Its person was verified by it, with a fingerprint, face or PIN, so
 * it proves what they have and what they are or know at once (NIST SP 800-63B-4 §2.2.1). One whose count has not gone up was
 * copied: it is refused, marked, and its owner is told (WebAuthn §6.1.1).
 * @param json the answer, as the browser sends it
 */
export async function provePasskey(json: unknown, asked: Asked, client: ClientInfo): Promise<PasskeyProof> {
  const answer = readAnswer(json, asked);
  const stored = answer.ok ? await findPasskey(answer.assertion.id) : null;
  const proof = answer.ok ? await check(answer, stored, asked, client) : answer;
  if (!proof.ok) {
    const event = proof.reason === "throttled" ? "passkey-throttled" : "passkey-refused";
    await record(event, { userId: stored?.user.id ?? null }, client);
  }
  return proof;
}

interface Answer {
  ok: true;
  assertion: Assertion;
  challenge: string;
}

/** Nothing is looked up before this: who was not asked learns nothing and costs nothing. */
function readAnswer(
  json: unknown,
  asked: Asked,
): Answer | { ok: false; reason: "refused" | "question-over" } {
  const assertion = features().passkeys ? readAssertion(json) : null;
  const challenge = assertion && challengeIn(assertion);
  if (!assertion || challenge === null) return { ok: false, reason: "refused" };
  if (!isChallengeFor(asked, challenge)) return { ok: false, reason: "question-over" };
  return { ok: true, assertion, challenge };
}

async function check(
  { assertion, challenge }: Answer,
  stored: StoredPasskey | null,
  { purpose }: Asked,
  client: ClientInfo,
): Promise<PasskeyProof> {
  const { userHandle } = assertion.response;
  if (!stored) return { ok: false, reason: "unknown-passkey", wasOurs: isOwnHandle(userHandle ?? "") };
  const { passkeyHandle, ...owner } = stored.user;
  // It may be left out where the account was known before (WebAuthn §7.2, step 6).
  const handle = userHandle ?? (purpose === "log-in" ? null : passkeyHandle);
  const shown = await verifyProof(assertion, challenge, stored);
  if (!shown || handle === null || handle !== passkeyHandle) return { ok: false, reason: "refused" };
  if (await isChallengeSpent(challenge)) return { ok: false, reason: "question-over" };
  const wait = await consumePasskey(owner.id);
  if (wait !== null) return throttled("attempts", wait);
  if (!(await spendChallenge(challenge))) return { ok: false, reason: "question-over" };
  if (hasCountedBack(shown.counter, stored)) {
    await tellOfCopy(stored.id, owner.id, client);
    return { ok: false, reason: "refused" };
  }
  const { id, counter: formerCounter } = stored;
  return { ok: true, user: { ...owner, passkey: { id, formerCounter, ...shown } } };
}

/** One that can be on several devices says nothing by its count: each may have its own, and a restored one may begin anew. */
function hasCountedBack(counter: number, stored: StoredPasskey): boolean {
  if (stored.isBackupEligible) return false;
  const counts = counter > 0 || stored.counter > 0n;
  return counts && BigInt(counter) <= stored.counter;
}

async function tellOfCopy(passkeyId: string, userId: string, client: ClientInfo): Promise<void> {
  const isNews = await mayTellOfCopy(userId);
  await db.$transaction(async (tx) => {
    await holdAccount({ id: userId }, tx);
    await noteCopy(passkeyId, tx);
    await record("passkey-copied", { userId }, client, tx);
    if (isNews) await sendSecurityAlert(userId, passkeyCopiedEmail, client, tx);
  });
}

/**
 * Notes the use of a passkey that was found right, and holds its account to the transaction's end. False when it was removed
 * since, or used elsewhere: then it proves nothing.
 */
export async function isPasskeyUsable({ id, passkey }: ProvenByPasskey, tx: Tx): Promise<boolean> {
  return (await holdAccount({ id }, tx)) && (await notePasskeyUse(passkey, id, tx));
}
