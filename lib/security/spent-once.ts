import "server-only";
import { hashToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
import { MINUTE_MS } from "../shared/units";

/** How long an answer is remembered after it would be taken no more, in milliseconds: other instances' clocks may be slow. */
const KEPT_AFTER_MS = 5 * MINUTE_MS;

/**
 * Accepts the answer to a question once, whichever process has it: false for all but one of any number.
 * @param question what tells it from every other one
 * @param expiresAt from then on no answer would be taken anyway
 */
export async function spendOnce(question: string | Uint8Array, expiresAt: Date): Promise<boolean> {
  const hash = hashToken(question);
  try {
    await db.spentChallenge.create({ data: { hash, expiresAt }, select: { hash: true } });
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

/** True once an answer to a question was accepted: to be asked before one is counted, since a copy counts for nothing. */
export async function isSpent(question: string | Uint8Array): Promise<boolean> {
  return (await db.spentChallenge.count({ where: { hash: hashToken(question) } })) > 0;
}

/** Forgets the answers that would not be taken any more, whichever instance's clock says so. Answers how many. */
export function purgeSpent(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = { expiresAt: { lt: new Date(now - KEPT_AFTER_MS) } };
  return inBatches((limit) => db.spentChallenge.deleteMany({ where, limit }), pace);
}
