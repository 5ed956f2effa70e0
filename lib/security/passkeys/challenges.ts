import "server-only";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { derivedKey, derivedKeys } from "../../platform/crypto/derived-key";
import { CHALLENGE_MS } from "../../shared/passkeys";
import { isSpent, spendOnce } from "../spent-once";

/** What a passkey is asked for. What answers one question answers no other. */
type ChallengePurpose = "log-in" | "second-step" | "re-authenticate" | "add" | "offer";

/** What is asked, and where its answer has to come from. */
export interface Asked {
  purpose: ChallengePurpose;
  /** The id of the session, or of the login that waits; where nobody is known yet, the secret of the page that asks. */
  subject: string;
}

/** Random bytes: 128 bits (WebAuthn §13.4.3; ASVS v5.0.0-6.7.2 asks for 64). */
const RANDOM_BYTES = 16;
/** The moment at which it ends, in milliseconds since 1970. */
const END_BYTES = 6;
const PROOF_BYTES = 32;

const KEY = "latchkey passkey challenge v1";

/**
 * A challenge that says itself until when it holds, and that we made it for this question: nothing is written before a
 * passkey has answered, so that asking costs nothing.
 */
export function newChallenge(asked: Asked, now = Date.now()): Uint8Array<ArrayBuffer> {
  const end = Buffer.alloc(END_BYTES);
  end.writeUIntBE(now + CHALLENGE_MS, 0, END_BYTES);
  const head = Buffer.concat([randomBytes(RANDOM_BYTES), end]);
  return Uint8Array.from(Buffer.concat([head, proofOf(derivedKey(KEY), head, asked)]));
}

/**
 * True for a challenge that was made for this question and still holds.
 * @param challenge in base64url, as a browser gives it back
 */
export function isChallengeFor(asked: Asked, challenge: string, now = Date.now()): boolean {
  const bytes = Buffer.from(challenge, "base64url");
  if (bytes.length !== RANDOM_BYTES + END_BYTES + PROOF_BYTES) return false;
  const head = bytes.subarray(0, RANDOM_BYTES + END_BYTES);
  const proof = bytes.subarray(RANDOM_BYTES + END_BYTES);
  const isOurs = derivedKeys(KEY).some((key) => timingSafeEqual(proof, proofOf(key, head, asked)));
  return isOurs && now < endOf(head);
}

/** True once an answer to a challenge was accepted. */
export function isChallengeSpent(challenge: string): Promise<boolean> {
  return isSpent(Buffer.from(challenge, "base64url"));
}

/** Accepts the answer to a challenge, once: false for all but one of any number (ASVS v5.0.0-6.7.2). */
export async function spendChallenge(challenge: string): Promise<boolean> {
  const bytes = Buffer.from(challenge, "base64url");
  return spendOnce(bytes, new Date(endOf(bytes)));
}

function endOf(bytes: Buffer): number {
  return bytes.readUIntBE(RANDOM_BYTES, END_BYTES);
}

function proofOf(key: Buffer, head: Buffer, { purpose, subject }: Asked): Buffer {
  return createHmac("sha256", key)
    .update(head)
    .update(JSON.stringify([purpose, subject]))
    .digest();
}
