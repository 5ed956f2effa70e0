import "server-only";
import { createHmac, randomInt, timingSafeEqual } from "node:crypto";
import { derivedKey } from "../platform/crypto/derived-key";
import { hashToken, hasTokenShape, newToken } from "../platform/crypto/token";
import { db, type Tx } from "../platform/db";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * What a mailed link is for, and how long it works, in milliseconds. A reset's is short: whoever reads the mailbox then
 * holds the account.
 */
export const MAIL_TOKEN_TTL_MS = {
  "reset-password": 30 * MINUTE_MS,
  "verify-email": 24 * HOUR_MS,
  /** Long: who was on holiday shall still be able to. */
  "lock-account": 7 * DAY_MS,
  /** Short: an address mistyped is a stranger's, and the link would give them the account. */
  "change-email": 2 * HOUR_MS,
  /** As long as a lock, for the same reason. So long, too, nobody else gets the address it would take back. */
  "restore-email": 7 * DAY_MS,
} as const;

export type MailTokenPurpose = keyof typeof MAIL_TOKEN_TTL_MS;

/**
 * Links that give the account the address they were sent to. They follow the account through other changes, and end with
 * {@link endMailTokens}: more than one account may hope for the same address.
 */
const MOVING: ReadonlySet<MailTokenPurpose> = new Set(["change-email", "restore-email"]);

/** Links that stay good beside newer ones to the same address: of those not moving, each came with its own news. */
const STAYING: ReadonlySet<MailTokenPurpose> = new Set(["lock-account", ...MOVING]);

/** How long a typed code works, in milliseconds (ASVS v5.0.0-6.5.5). */
export const CODE_TTL_MS = 10 * MINUTE_MS;

/** How often a code may be tried before it is none any more: one guess in 200,000 succeeds. */
export const CODE_TRIES = 5;

/** Digits in a code: 20 bits (ASVS v5.0.0-6.5.4). */
const CODE_DIGITS = 6;

/** A new token ends those before it unless they are younger than this, in milliseconds: letters overtake each other. */
export const SPARED_MS = MINUTE_MS;

/** A token just made: its secret, for the letter alone, and its end. */
export interface MailToken {
  token: string;
  expiresAt: Date;
}

/** Whose token it is. */
export interface TokenOwner {
  id: string;
  username: string;
  email: string;
  emailCanonical: string;
  emailVerified: Date | null;
}

/** The owner of a token, and what it gives them. */
export interface FoundToken extends TokenOwner {
  /** The address the account gets by it, as typed; null: it keeps its own. */
  address: string | null;
  /** False when it came some other way than by letter. */
  isMailed: boolean;
}

interface NewToken {
  userId: string | null;
  emailCanonical: string;
  address?: string;
  isMailed?: boolean;
}

/**
 * Makes a token for the account with that address.
 * @param userId null when nobody may use it: what is written then opens nothing, and takes as long
 * @param address the one the account gets by it, where it gets one: as typed, where `emailCanonical` compares
 * @param isMailed false when it goes another way than by letter
 * @param code from {@link newCode}, where it can be typed instead
 */
export async function makeMailToken(
  purpose: MailTokenPurpose,
  { userId, emailCanonical, address, isMailed = true }: NewToken,
  tx: Tx,
  code?: string,
): Promise<MailToken> {
  const now = Date.now();
  const token = newToken();
  const expiresAt = new Date(now + MAIL_TOKEN_TTL_MS[purpose]);
  if (!STAYING.has(purpose))
    await tx.mailToken.deleteMany({
      where: { email: emailCanonical, purpose, createdAt: { lt: new Date(now - SPARED_MS) } },
    });
  await tx.mailToken.create({
    data: {
      purpose,
      tokenHash: hashToken(token),
      codeHash: code === undefined ? null : hashCode(purpose, emailCanonical, code),
      userId,
      email: emailCanonical,
      address,
      isMailed,
      createdAt: new Date(now),
      expiresAt,
    },
    select: { id: true },
  });
  return { token, expiresAt };
}

/**
 * Whose token this is; null when it is none: never made, for another purpose, spent, too old, or sent to an address the
 * account has no more. Looking changes nothing, so a mail scanner that opens every link does no harm.
 */
export async function findMailToken(purpose: MailTokenPurpose, token: string): Promise<FoundToken | null> {
  return hasTokenShape(token) ? findByHash(purpose, hashToken(token), db) : null;
}

/**
 * Spends a token, and every other of its owner's for that purpose. Of any number at once one gets the owner and the rest
 * null. It is spent with the change it allows, or not at all.
 */
export async function spendMailToken(
  purpose: MailTokenPurpose,
  token: string,
  tx: Tx,
): Promise<FoundToken | null> {
  return hasTokenShape(token) ? spendByHash(purpose, hashToken(token), tx) : null;
}

async function findByHash(purpose: MailTokenPurpose, tokenHash: string, tx: Tx): Promise<FoundToken | null> {
  const found = await tx.mailToken.findUnique({
    where: { tokenHash },
    select: {
      purpose: true,
      email: true,
      address: true,
      isMailed: true,
      expiresAt: true,
      user: { select: { id: true, username: true, email: true, emailCanonical: true, emailVerified: true } },
    },
  });
  if (found?.purpose !== purpose || found.expiresAt.getTime() <= Date.now() || !found.user) return null;
  if (!MOVING.has(purpose) && found.user.emailCanonical !== found.email) return null;
  return { ...found.user, address: found.address, isMailed: found.isMailed };
}

async function spendByHash(purpose: MailTokenPurpose, tokenHash: string, tx: Tx): Promise<FoundToken | null> {
  const owner = await findByHash(purpose, tokenHash, tx);
  if (!owner) return null;
  // Takes the owner's row before any token's: two links of one person, used at once, shall not wait for each other.
  await tx.user.updateMany({ where: { id: owner.id }, data: { updatedAt: new Date() } });
  const { count } = await tx.mailToken.deleteMany({ where: { tokenHash, purpose } });
  if (count === 0) return null;
  await endMailTokens(owner.id, [purpose], tx);
  return owner;
}

/** Ends every link of an account for these purposes. */
export async function endMailTokens(
  userId: string,
  purposes: readonly MailTokenPurpose[],
  tx: Tx,
): Promise<void> {
  await tx.mailToken.deleteMany({ where: { userId, purpose: { in: [...purposes] } } });
}

/**
 * True while somebody else can still take this address back. To be asked after looking whether an account has it: in the
 * other order an address that changes hands between the two questions would look free.
 */
export async function isHeld(emailCanonical: string, userId: string | null, tx: Tx = db): Promise<boolean> {
  const held = await tx.mailToken.findFirst({
    where: {
      email: emailCanonical,
      purpose: "restore-email" satisfies MailTokenPurpose,
      expiresAt: { gt: new Date() },
      ...(userId !== null && { userId: { not: userId } }),
    },
    select: { id: true },
  });
  return held !== null;
}

/**
 * Spends a token by the code that went with it: the same as {@link spendMailToken}, and {@link CODE_TRIES} times at most,
 * counted exactly however many try at once. The count stays whatever becomes of the change, so let no wrong code throw.
 */
export async function spendMailCode(
  purpose: MailTokenPurpose,
  emailCanonical: string,
  code: string,
  tx: Tx,
): Promise<TokenOwner | null> {
  const alive = {
    email: emailCanonical,
    purpose,
    createdAt: { gt: new Date(Date.now() - CODE_TTL_MS) },
    codeHash: { not: null },
    codeTries: { lte: CODE_TRIES }, // one above marks a code tried too often
  };
  await tx.mailToken.updateMany({ where: alive, data: { codeTries: { increment: 1 } } });
  const codeHash = Buffer.from(hashCode(purpose, emailCanonical, code));
  const found = (
    await tx.mailToken.findMany({ where: alive, select: { tokenHash: true, codeHash: true } })
  ).find((token) => token.codeHash !== null && timingSafeEqual(Buffer.from(token.codeHash), codeHash));
  return found ? spendByHash(purpose, found.tokenHash, tx) : null;
}

/** A code to type: easy to read off one screen and to type on another. */
export function newCode(): string {
  return randomInt(10 ** CODE_DIGITS)
    .toString()
    .padStart(CODE_DIGITS, "0");
}

/** With a key: a million codes are tried in a second, and a copy of the database shall not do. */
function hashCode(purpose: MailTokenPurpose, emailCanonical: string, code: string): string {
  return createHmac("sha256", derivedKey("latchkey mailed code v1"))
    .update(`${purpose}\n${emailCanonical}\n${code}`)
    .digest("hex");
}

/** Forgets tokens that are too old to open anything. */
export async function purgeMailTokens(now = Date.now()): Promise<void> {
  await db.mailToken.deleteMany({ where: { expiresAt: { lt: new Date(now) } } });
}
