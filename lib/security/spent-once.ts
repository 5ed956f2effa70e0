import "server-only";
import { createHash } from "node:crypto";
import { db } from "../platform/db";
import { isUniqueViolation } from "../platform/db/errors";

/**
 * Accepts the answer to a question once, whichever process has it: false for all but one of any number.
 * @param question what tells it from every other one
 * @param expiresAt from then on no answer would be taken anyway
 */
export async function spendOnce(question: string | Uint8Array, expiresAt: Date): Promise<boolean> {
  const hash = hashOf(question);
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
  return (await db.spentChallenge.count({ where: { hash: hashOf(question) } })) > 0;
}

function hashOf(question: string | Uint8Array): string {
  return createHash("sha256").update(question).digest("hex");
}
