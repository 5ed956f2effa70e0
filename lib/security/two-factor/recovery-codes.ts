import "server-only";
import { createHash, randomBytes } from "node:crypto";
import { db, type Tx } from "../../platform/db";
import { RECOVERY_ALPHABET, RECOVERY_CODE_LENGTH, RECOVERY_CODES } from "../../shared/two-factor";

/** The recovery codes of an account that were not used yet. */
export interface RecoveryCodesLeft {
  left: number;
  /** Of all of them: they are made together. */
  createdAt: Date;
}

/**
 * Gives an account new recovery codes, in place of those it had. The transaction holds the account already.
 * @returns the codes. They are kept nowhere: their hashes are
 */
export async function replaceRecoveryCodes(userId: string, tx: Tx): Promise<string[]> {
  await dropRecoveryCodes(userId, tx);
  const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
  const createdAt = new Date();
  await tx.recoveryCode.createMany({
    data: codes.map((code) => ({ hash: hashOf(userId, code), userId, createdAt })),
  });
  return codes;
}

export async function dropRecoveryCodes(userId: string, tx: Tx): Promise<void> {
  await tx.recoveryCode.deleteMany({ where: { userId } });
}

/** Null: there are none. */
export async function findRecoveryCodes(userId: string, tx: Tx = db): Promise<RecoveryCodesLeft | null> {
  const codes = await tx.recoveryCode.findMany({ where: { userId }, select: { createdAt: true } });
  return codes[0] ? { left: codes.length, createdAt: codes[0].createdAt } : null;
}

/**
 * Uses up a code. Of any number of tries at once with one code, one is true (ASVS v5.0.0-6.5.1).
 * @param code in its plain form
 */
export async function spendRecoveryCode(userId: string, code: string, tx: Tx): Promise<boolean> {
  const { count } = await tx.recoveryCode.deleteMany({ where: { hash: hashOf(userId, code), userId } });
  return count === 1;
}

/** 32 letters: each takes five bits of a byte, evenly. */
function newRecoveryCode(): string {
  return Array.from(
    randomBytes(RECOVERY_CODE_LENGTH),
    (byte) => RECOVERY_ALPHABET[byte % RECOVERY_ALPHABET.length],
  ).join("");
}

/** No key: a code is as hard to guess as a key, and outlives changes of AUTH_SECRET. The account's id is its salt. */
function hashOf(userId: string, code: string): string {
  return createHash("sha256").update(`latchkey recovery code v1\n${userId}\n${code}`).digest("hex");
}
