import "server-only";
import { db, type Tx } from "./db";
import { hashToken, hasTokenShape, newToken } from "./token";

const MINUTE_MS = 60_000;

/** What a mailed link is for, and how long it works, in milliseconds. Short: whoever reads the mailbox holds the account. */
export const MAIL_TOKEN_TTL_MS = { "reset-password": 30 * MINUTE_MS } as const;

export type MailTokenPurpose = keyof typeof MAIL_TOKEN_TTL_MS;

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
}

/**
 * Makes a token for the account with that address.
 * @param userId null when nobody has the address: what is written then opens nothing, and takes as long
 */
export async function makeMailToken(
  purpose: MailTokenPurpose,
  { userId, emailCanonical }: { userId: string | null; emailCanonical: string },
  tx: Tx,
): Promise<MailToken> {
  const now = Date.now();
  const token = newToken();
  const expiresAt = new Date(now + MAIL_TOKEN_TTL_MS[purpose]);
  await tx.mailToken.deleteMany({
    where: { email: emailCanonical, purpose, createdAt: { lt: new Date(now - SPARED_MS) } },
  });
  await tx.mailToken.create({
    data: {
      purpose,
      tokenHash: hashToken(token),
      userId,
      email: emailCanonical,
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
export async function findMailToken(
  purpose: MailTokenPurpose,
  token: string,
  tx: Tx = db,
): Promise<TokenOwner | null> {
  if (!hasTokenShape(token)) return null;
  const found = await tx.mailToken.findUnique({
    where: { tokenHash: hashToken(token) },
    select: {
      purpose: true,
      email: true,
      expiresAt: true,
      user: { select: { id: true, username: true, email: true, emailCanonical: true } },
    },
  });
  const isAlive =
    found?.purpose === purpose &&
    found.expiresAt.getTime() > Date.now() &&
    found.user?.emailCanonical === found.email;
  return isAlive ? found.user : null;
}

/**
 * Spends a token, and every other of its owner's for that purpose. Of any number at once one gets the owner and the rest
 * null. It is spent with the change it allows, or not at all.
 */
export async function spendMailToken(
  purpose: MailTokenPurpose,
  token: string,
  tx: Tx,
): Promise<TokenOwner | null> {
  const owner = await findMailToken(purpose, token, tx);
  if (!owner) return null;
  // Takes the owner's row before any token's: two links of one person, used at once, shall not wait for each other.
  await tx.user.updateMany({ where: { id: owner.id }, data: { updatedAt: new Date() } });
  const { count } = await tx.mailToken.deleteMany({ where: { tokenHash: hashToken(token), purpose } });
  if (count === 0) return null;
  await tx.mailToken.deleteMany({ where: { email: owner.emailCanonical, purpose } });
  return owner;
}

/** Forgets tokens that are too old to open anything. */
export async function purgeMailTokens(now = Date.now()): Promise<void> {
  await db.mailToken.deleteMany({ where: { expiresAt: { lt: new Date(now) } } });
}
