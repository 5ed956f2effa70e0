import "server-only";
import { widestNetwork } from "../../platform/address";
import type { ClientInfo } from "../../platform/client-info";
import {
  normalizePassword,
  PASSWORD_MAX_BYTES,
  PASSWORD_MAX_UNITS,
  passwordBytes,
} from "../../shared/canonical";
import type { Requester } from "./fair-queue";
import { type HashSlot, reserveSlot } from "./hashing";
import type { Job } from "./pool";

/** Rounds of bcrypt as a power of two (OWASP Password Storage: at least 10); a fifth of a second on one core. */
export const BCRYPT_COST = 12;

/**
 * Compared with when there is no usable hash. It costs as much as a real one and is there from the start. No
 * password is known to give a decoy's digest of zeros, and should one turn up, the answer is still no.
 */
const DECOY_HASH = decoyOf(BCRYPT_COST);

/**
 * A bcrypt hash as every implementation writes it: the last letter of the salt (16 bytes in 22 letters) and of
 * the digest (23 bytes in 31) carry spare bits, which are zero. Held to this, both libraries agree on every hash.
 */
const WELL_FORMED_HASH =
  /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/** More hashes are asked for than the cores can make: answer 503 with Retry-After. */
export class HashQueueFullError extends Error {
  override readonly name = "HashQueueFullError";

  constructor(readonly retryAfterSeconds: number) {
    super("Too many passwords are waiting to be hashed");
  }
}

/**
 * Hashes a password for keeping, as `$2b$12$…` with a new random salt.
 * @param slot in the hashing queue, released at the end; without one it reserves its own
 * @throws RangeError for a password that bcrypt would take for another: above 72 bytes of UTF-8, with a NUL, or with half
 *   a surrogate pair; `schemas.ts` refuses such input first.
 * @throws HashQueueFullError when too many others wait already
 */
export async function hashPassword(password: string, slot?: HashSlot): Promise<string> {
  if (!isHashable(password))
    throw new RangeError(`Not well-formed text of at most ${PASSWORD_MAX_BYTES} bytes without a NUL`);
  const job = { password: normalizePassword(password), cost: BCRYPT_COST };
  return (await inTurn(slot ?? (await reserveHashSlot()), job)) as string;
}

/**
 * True when the password fits the hash; `$2a$`, `$2b$` and `$2y$` are known. Without a hash (null), with a
 * malformed one or with a password that `hashPassword` refuses, it works as long on a decoy and says no, and a no to a
 * hash of a lower cost takes as long as to one of ours: the clock tells nothing (ASVS v5.0.0-6.3.8).
 * @param slot in the hashing queue, released at the end; without one it reserves its own
 * @throws HashQueueFullError when too many others wait already
 */
export async function passwordMatches(
  password: string,
  hash: string | null,
  slot?: HashSlot,
): Promise<boolean> {
  const reserved = slot ?? (await reserveHashSlot());
  const isComparable = hash !== null && WELL_FORMED_HASH.test(hash) && isHashable(password);
  if (!isComparable) {
    await inTurn(reserved, { password: "", hash: DECOY_HASH });
    return false;
  }
  const job = { password: normalizePassword(password), hash, decoys: decoysBeside(hash) };
  return (await inTurn(reserved, job)) as boolean;
}

async function inTurn(slot: HashSlot, job: Job): Promise<string | boolean> {
  try {
    await slot.turn();
    return await slot.run(job);
  } finally {
    slot.release();
  }
}

function decoyOf(cost: number): string {
  return `$2b$${String(cost).padStart(2, "0")}$${".".repeat(53)}`;
}

/** What a hash of a lower cost lacks to one of ours: each step of the cost doubles the work, so every step once does it. */
function decoysBeside(hash: string): string[] {
  const cost = costOf(hash);
  return Array.from({ length: Math.max(0, BCRYPT_COST - cost) }, (_, step) => decoyOf(cost + step));
}

function costOf(hash: string): number {
  return Number(hash.slice(4, 6));
}

/**
 * Reserves a slot in the hashing queue, so that work can be refused before anything is counted.
 * @throws HashQueueFullError when too many others wait already, or too many of this requester
 */
export async function reserveHashSlot(requester: Requester = SOMEBODY): Promise<HashSlot> {
  const slot = await reserveSlot(requester);
  // Thrown here and not in the queue, which may be in another process, or made by another bundle with another such class.
  if ("retryAfterSeconds" in slot) throw new HashQueueFullError(slot.retryAfterSeconds);
  return slot;
}

/**
 * Who waits for a hash. One network takes turns with the others; a client whose network is unknown does by the account.
 * @param isKnown true for a browser that the account knows, and for one that holds a working link of the account: strangers
 *   fill neither's queue
 */
export function requesterOf({ ip }: Pick<ClientInfo, "ip">, account: string, isKnown = false): Requester {
  return { client: widestNetwork(ip) ?? `account ${account}`, account, isKnown };
}

const SOMEBODY: Requester = { client: "somebody", account: "somebody", isKnown: false };

/**
 * True when a hash that fits its password should be replaced: it was made by an older library (`$2a$`, `$2y$`) or at a lower cost
 * than ours (ASVS v5.0.0-11.4.2). False for a malformed one, which no password fits, and for a higher cost.
 */
export function needsRehash(hash: string): boolean {
  return WELL_FORMED_HASH.test(hash) && (!hash.startsWith("$2b$") || costOf(hash) < BCRYPT_COST);
}

/**
 * False for what bcrypt would take for another password. After a NUL it begins the password again, so that P and P, NUL, P
 * are one; half a surrogate pair would become U+FFFD, and so equal to any other; it ignores what is behind the last byte it
 * reads. The length is looked at before NFC.
 */
function isHashable(password: string): boolean {
  return (
    password.length <= PASSWORD_MAX_UNITS &&
    password.isWellFormed() &&
    !password.includes("\0") &&
    passwordBytes(password) <= PASSWORD_MAX_BYTES
  );
}
