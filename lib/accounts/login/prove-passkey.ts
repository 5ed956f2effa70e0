import "server-only";
import { passkeyCopiedEmail } from "../../mail/emails/passkeys";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { record } from "../../security/audit";
import { holdAccount } from "../../security/hold-account";
import { challengeIn, readAssertion, verifyProof } from "../../security/passkeys/ceremony";
import { type Asked, isChallengeFor, spendChallenge } from "../../security/passkeys/challenges";
import { findPasskey, notePasskeyUse, type UsedPasskey } from "../../security/passkeys/passkeys";
import { consumePasskey, mayTellOfCopy } from "../../security/rate-limits/second-factor-limits";
import { type Throttled, throttled } from "../outcomes";
import { type Addressee, sendSecurityAlert } from "../security-alerts";

export type PasskeyProof =
  | { ok: true; user: ProvenByPasskey }
  /** No account has it: it was removed, or its account was. */
  | { ok: false; reason: "unknown-passkey" }
  /** The question was answered already, or too long ago, or was put elsewhere or for something else. */
  | { ok: false; reason: "question-over" }
  /** It does not fit. */
  | { ok: false; reason: "refused" }
  | Throttled;

/** The account of a person who has shown its passkey. Whether they may come in is for `admit` to say. */
export interface ProvenByPasskey extends Addressee {
  passkey: UsedPasskey;
}

/**
 * Finds out whose passkey has answered a question of ours. Its person was verified by it, with a fingerprint, face or PIN, so
 * it proves what they have and what they are or know at once (NIST SP 800-63B-4 §2.2.1). One whose count has not gone up was
 * copied: it is refused, and its owner is told (WebAuthn §6.1.1).
 * @param json the answer, as the browser sends it
 */
export async function provePasskey(json: unknown, asked: Asked, client: ClientInfo): Promise<PasskeyProof> {
  const proof = await check(json, asked, client);
  if (!proof.ok) await record("passkey-refused", { userId: null }, client);
  return proof;
}

async function check(json: unknown, asked: Asked, client: ClientInfo): Promise<PasskeyProof> {
  const assertion = readAssertion(json);
  const challenge = assertion && challengeIn(assertion);
  if (!assertion || challenge === null) return { ok: false, reason: "refused" };
  if (!isChallengeFor(asked, challenge)) return { ok: false, reason: "question-over" };
  const stored = await findPasskey(assertion.id);
  if (!stored) return { ok: false, reason: "unknown-passkey" };
  const { passkeyHandle, ...owner } = stored.user;
  const { userHandle } = assertion.response;
  // It may be left out where the question named passkeys of one account (WebAuthn §7.2, step 6).
  const handle = userHandle ?? (asked.purpose === "log-in" ? "" : passkeyHandle);
  const shown = await verifyProof(assertion, challenge, stored);
  if (!shown || handle !== passkeyHandle) return { ok: false, reason: "refused" };
  const wait = await consumePasskey(owner.id);
  if (wait !== null) return throttled("attempts", wait);
  if (!(await spendChallenge(challenge))) return { ok: false, reason: "question-over" };
  const { id, counter: formerCounter } = stored;
  const counts = shown.counter > 0 || formerCounter > 0n;
  if (counts && BigInt(shown.counter) <= formerCounter) {
    await tellOfCopy(owner, client);
    return { ok: false, reason: "refused" };
  }
  return { ok: true, user: { ...owner, passkey: { id, formerCounter, ...shown } } };
}

async function tellOfCopy(owner: Addressee, client: ClientInfo): Promise<void> {
  const isNews = await mayTellOfCopy(owner.id);
  await db.$transaction(async (tx) => {
    await holdAccount({ id: owner.id }, tx);
    await record("passkey-copied", { userId: owner.id }, client, tx);
    if (isNews) await sendSecurityAlert(owner, passkeyCopiedEmail, client, tx);
  });
}

/**
 * Notes the use of a passkey that was found right, and holds its account to the transaction's end. False when it was removed
 * since, or used elsewhere: then it proves nothing.
 */
export async function isPasskeyUsable({ id, passkey }: ProvenByPasskey, tx: Tx): Promise<boolean> {
  return (await holdAccount({ id }, tx)) && (await notePasskeyUse(passkey, id, tx));
}
