import "server-only";
import { hashToken, hasTokenShape, newToken } from "../platform/crypto/token";
import { db, type Tx } from "../platform/db";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
import { CODE_TTL_MS, type Link, type LinkPurpose, linkPurposes, links } from "../shared/links";
import { MINUTE_MS } from "../shared/units";
import { ADDRESSEE_COLUMNS, type Addressee } from "./addressee";
import { hashCode, isHashOfCode } from "./codes";
import { holdAccount } from "./hold-account";

/** How often a code may be tried before it stops working: one guess in 200,000 succeeds. */
export const CODE_TRIES = 5;

/** A new token ends older ones unless they are younger than this, in milliseconds: emails overtake each other. */
export const SPARED_MS = MINUTE_MS;

/** An id that no account has. */
const NO_ACCOUNT = "";

/** A token just made: its row, its secret, which is for the email alone, and its end. */
export interface LinkToken {
  id: string;
  token: string;
  expiresAt: Date;
}

/** The account a link belongs to. */
export interface LinkOwner extends Addressee {
  emailVerified: Date | null;
}

/** The owner of a working link, and what the link gives them. */
export interface FoundLink extends LinkOwner {
  /** The address the account gets by it, as typed; null: it keeps its own. */
  address: string | null;
  /** False when it came some other way than by email. */
  isMailed: boolean;
  /** When it was made: what it tells of happened then. */
  madeAt: Date;
}

interface NewLink {
  userId: string | null;
  emailCanonical: string;
  address?: string;
  isMailed?: boolean;
  createdAt?: Date;
  expiresAt?: Date;
}

/**
 * Makes a token for the account with that address.
 * @param userId null when the link is for no account: the row written then opens nothing, and takes as long
 * @param address the one the account gets by it, as typed; `emailCanonical` is then its canonical form
 * @param isMailed false when it goes another way than by email
 * @param createdAt of another that it stands beside with the same rank, where it is not new
 * @param expiresAt where it works longer than its row in `links.ts` says
 * @param code from {@link newCode}, where a code can be typed instead; codes sent to that address before end with it
 */
export async function makeLinkToken(
  purpose: LinkPurpose,
  { userId, emailCanonical, address, isMailed = true, ...moments }: NewLink,
  tx: Tx,
  code?: string,
): Promise<LinkToken> {
  const now = Date.now();
  const token = newToken();
  const expiresAt = moments.expiresAt ?? new Date(now + links[purpose].ttlMs);
  const createdAt = moments.createdAt ?? (await momentAfterOthers(purpose, userId, now, tx));
  if (!links[purpose].outlivesNewer)
    await tx.linkToken.deleteMany({
      // Anyone can have a link emailed; that must not end one that the operator has handed over.
      where: { email: emailCanonical, purpose, isMailed, createdAt: { lt: new Date(now - SPARED_MS) } },
    });
  const hasCode = code !== undefined;
  if (hasCode)
    await tx.linkToken.updateMany({
      where: { email: emailCanonical, purpose, codeHash: { not: null } },
      data: { codeHash: null, codeExpiresAt: null },
    });
  const { id } = await tx.linkToken.create({
    data: {
      purpose,
      tokenHash: hashToken(token),
      codeHash: hasCode ? hashCode(purpose, emailCanonical, code) : null,
      codeExpiresAt: hasCode ? new Date(now + CODE_TTL_MS) : null,
      userId,
      email: emailCanonical,
      address,
      isMailed,
      createdAt,
      expiresAt,
    },
    select: { id: true },
  });
  return { id, token, expiresAt };
}

/** Now; of links that change the address right after the newest: which is older must not hang on two machines' clocks. */
async function momentAfterOthers(
  purpose: LinkPurpose,
  userId: string | null,
  now: number,
  tx: Tx,
): Promise<Date> {
  if (!links[purpose].changesAddress) return new Date(now);
  const newest = await tx.linkToken.findFirst({
    where: { userId, purpose },
    orderBy: { createdAt: "desc" },
    select: { createdAt: true },
  });
  return new Date(Math.max(now, (newest?.createdAt.getTime() ?? 0) + 1));
}

/**
 * The account a token belongs to; null when the token does not work: never made, for another purpose, spent, too old, sent
 * to an address the account no longer has, or to confirm one that is confirmed. Looking changes nothing, so a mail scanner
 * that opens every link does no harm.
 */
export async function findLinkToken(purpose: LinkPurpose, token: string): Promise<FoundLink | null> {
  if (!hasTokenShape(token)) return null;
  const link = await standsFor({ purpose, tokenHash: hashToken(token) }, db);
  return findByHash(link.purpose, link.tokenHash, db);
}

/** True for a link that is not too old and does not work because its account has another address by now. */
export async function hasMoved(purpose: LinkPurpose, token: string): Promise<boolean> {
  if (!hasTokenShape(token) || links[purpose].changesAddress) return false;
  const found = await findRow(hashToken(token), db);
  return found?.purpose === purpose && isAlive(found) && found.user?.emailCanonical !== found.email;
}

/**
 * Spends a token, and ends the account's other links as its row in `links.ts` says. Of any number of calls at once one
 * gets the owner and the rest get null. It is spent in the transaction of the change it allows, or not at all.
 */
export async function spendLinkToken(purpose: LinkPurpose, token: string, tx: Tx): Promise<FoundLink | null> {
  if (!hasTokenShape(token)) return null;
  const link = await standsFor({ purpose, tokenHash: hashToken(token) }, tx);
  const owner = await spendByHash(link.purpose, link.tokenHash, tx);
  const { madeAt = owner?.madeAt } = link;
  return owner && madeAt && madeAt < owner.madeAt ? { ...owner, madeAt } : owner;
}

interface LinkRow {
  purpose: LinkPurpose;
  tokenHash: string;
  /** When the link was made whose part this one takes. */
  madeAt?: Date;
}

/**
 * The link whose part this one takes, as its row in `links.ts` says; itself else. Of several ways back to one address the
 * oldest counts: it outranks the others.
 */
async function standsFor(link: LinkRow, tx: Tx): Promise<LinkRow> {
  const { becomes }: Link = links[link.purpose];
  if (becomes === null) return link;
  const found = await findRow(link.tokenHash, tx);
  if (found?.purpose !== link.purpose || !isAlive(found) || found.user?.emailCanonical === found.email)
    return link;
  const other = await tx.linkToken.findFirst({
    where: {
      userId: found.user?.id ?? NO_ACCOUNT,
      purpose: becomes,
      email: found.email,
      expiresAt: { gt: new Date() },
    },
    orderBy: { createdAt: "asc" },
    select: { tokenHash: true },
  });
  return other ? { purpose: becomes, tokenHash: other.tokenHash, madeAt: found.createdAt } : link;
}

/** A working link with the address it was sent to. */
type FoundRow = FoundLink & { sentTo: string };

function isAlive({ expiresAt }: { expiresAt: Date }): boolean {
  return expiresAt.getTime() > Date.now();
}

function findRow(tokenHash: string, tx: Tx) {
  return tx.linkToken.findUnique({
    where: { tokenHash },
    select: {
      purpose: true,
      email: true,
      address: true,
      isMailed: true,
      createdAt: true,
      expiresAt: true,
      user: { select: { ...ADDRESSEE_COLUMNS, emailVerified: true } },
    },
  });
}

async function findByHash(purpose: LinkPurpose, tokenHash: string, tx: Tx): Promise<FoundRow | null> {
  const found = await findRow(tokenHash, tx);
  if (found?.purpose !== purpose || !isAlive(found) || !found.user) return null;
  if (!links[purpose].changesAddress && found.user.emailCanonical !== found.email) return null;
  if (links[purpose].endsWhenConfirmed && found.user.emailVerified !== null) return null;
  return {
    ...found.user,
    address: found.address,
    isMailed: found.isMailed,
    madeAt: found.createdAt,
    sentTo: found.email,
  };
}

/** As {@link spendLinkToken}, by the hash in its row: for a link that another one stands for. */
export async function spendByHash(
  purpose: LinkPurpose,
  tokenHash: string,
  tx: Tx,
): Promise<FoundLink | null> {
  const found = await findByHash(purpose, tokenHash, tx);
  if (!found) return null;
  await holdAccount({ id: found.id }, tx);
  const owner = await findByHash(purpose, tokenHash, tx); // as it is now that nobody else can change it
  if (!owner) return null;
  const { count } = await tx.linkToken.deleteMany({ where: { tokenHash, purpose } });
  if (count === 0) return null;
  const { changesAddress, ends }: Link = links[purpose];
  await tx.linkToken.deleteMany({
    where: {
      userId: owner.id,
      OR: [
        // An older way back to an address outranks a newer one: a thief who changed the address twice has the newer. And
        // who has the account's address now ends no link that was sent to one before.
        { purpose, ...(changesAddress ? { createdAt: { gte: owner.madeAt } } : { email: owner.sentTo }) },
        { purpose: { in: [...ends] } },
        // Those that would have taken its part: what they stood for is done.
        {
          purpose: { in: linkPurposes.filter((other) => links[other].becomes === purpose) },
          email: owner.sentTo,
        },
      ],
    },
  });
  return owner;
}

/**
 * Makes a token for another address of an account beside one that works, and for as long. It counts from now. The other one keeps
 * its address: a token belongs to one mailbox, or the next one would take the owner's its power. Null: that one works no more.
 */
export async function makeLinkBeside(
  purpose: LinkPurpose,
  token: string,
  { userId, emailCanonical }: Pick<NewLink, "userId" | "emailCanonical">,
  tx: Tx,
): Promise<LinkToken | null> {
  const found = await findRow(hashToken(token), tx);
  if (found?.purpose !== purpose || !isAlive(found)) return null;
  return makeLinkToken(purpose, { userId, emailCanonical, expiresAt: found.expiresAt }, tx);
}

/** Ends every link of an account. */
export async function endAllLinkTokens(userId: string, tx: Tx): Promise<void> {
  await tx.linkToken.deleteMany({ where: { userId } });
}

/** Ends every link of an account for this purpose. */
export async function endLinkTokens(userId: string, purpose: LinkPurpose, tx: Tx): Promise<void> {
  await tx.linkToken.deleteMany({ where: { userId, purpose } });
}

/** Ends every link of an account that ends with a factor, passkey or connection that comes or goes. */
export async function endLinksWithFactors(userId: string, tx: Tx): Promise<void> {
  await tx.linkToken.deleteMany({
    where: { userId, purpose: { in: linkPurposes.filter((purpose) => links[purpose].endsWithFactors) } },
  });
}

/**
 * Spends a token by the code that went with it: the same as {@link spendLinkToken}, and {@link CODE_TRIES} times at most,
 * counted exactly however many try at once. An address that has moved to another account since has none of this account's
 * codes. The transaction must commit after a wrong code, or its try is not counted.
 */
export async function spendLinkCode(
  purpose: LinkPurpose,
  { userId, emailCanonical }: Pick<NewLink, "userId" | "emailCanonical">,
  code: string,
  tx: Tx,
): Promise<LinkOwner | null> {
  const alive = {
    userId,
    email: emailCanonical,
    purpose,
    OR: [
      { codeExpiresAt: { gt: new Date() } },
      // Sent by an instance of the version before, while both run.
      { codeExpiresAt: null, createdAt: { gt: new Date(Date.now() - CODE_TTL_MS) } },
    ],
    codeHash: { not: null },
    codeTries: { lte: CODE_TRIES }, // one above marks a code tried too often
  };
  const waiting = await tx.linkToken.findFirst({ where: alive, select: { userId: true } });
  // Where no code works, the same queries follow and find no row: their number tells nothing, and they lock no account.
  const ofOwner = { ...alive, userId: waiting?.userId ?? NO_ACCOUNT };
  await holdAccount({ id: ofOwner.userId }, tx);
  await tx.linkToken.updateMany({ where: ofOwner, data: { codeTries: { increment: 1 } } });
  const sent = await tx.linkToken.findMany({
    where: ofOwner,
    select: { tokenHash: true, codeHash: true },
  });
  const found = sent.find(
    ({ codeHash }) => codeHash !== null && isHashOfCode(codeHash, purpose, emailCanonical, code),
  );
  return found ? spendByHash(purpose, found.tokenHash, tx) : null;
}

/** Deletes tokens that are too old to open anything. Answers how many. */
export function purgeLinkTokens(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = { expiresAt: { lt: new Date(now) } };
  return inBatches((limit) => db.linkToken.deleteMany({ where, limit }), pace);
}
