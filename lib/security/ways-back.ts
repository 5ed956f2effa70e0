import "server-only";
import { db, type Tx } from "../platform/db";
import { type LinkPurpose, links } from "../shared/links";
import { type FoundLink, type LinkToken, makeLinkToken, spendByHash } from "./link-tokens";

/** The links by which accounts can take a former address back. While one works, no other account gets that address. */
const purpose = "restore-email" satisfies LinkPurpose;

/**
 * The address that a lock from inside gives an account back, as typed: that of its oldest way back, which outranks the
 * others, as behind the link of a security alert. Null: no way back works, or the account has that address.
 */
export async function findFormerAddress(userId: string, tx: Tx = db): Promise<string | null> {
  return (await findOldest(userId, tx))?.address ?? null;
}

/** Spends that way back without its email, in the transaction of what it allows. Null where there is none. */
export async function spendOldest(userId: string, tx: Tx): Promise<FoundLink | null> {
  const oldest = await findOldest(userId, tx);
  return oldest && spendByHash(purpose, oldest.tokenHash, tx);
}

async function findOldest(userId: string, tx: Tx) {
  const oldest = await tx.linkToken.findFirst({
    where: { userId, purpose, expiresAt: { gt: new Date() } },
    orderBy: { createdAt: "asc" },
    select: {
      tokenHash: true,
      email: true,
      address: true,
      createdAt: true,
      user: { select: { emailCanonical: true } },
    },
  });
  return oldest?.user?.emailCanonical === oldest?.email ? null : oldest;
}

/**
 * For an account that moves to this address: true when it had it before and could still take it back. The ways back to the
 * addresses it has had since end then, as if it had been taken back.
 */
export async function returnsTo(userId: string, emailCanonical: string, tx: Tx): Promise<boolean> {
  const ofAccount = { userId, purpose };
  const wayBack = await tx.linkToken.findFirst({
    where: { ...ofAccount, email: emailCanonical, expiresAt: { gt: new Date() } },
    orderBy: { createdAt: "asc" },
    select: { createdAt: true },
  });
  if (!wayBack) return false;
  await tx.linkToken.deleteMany({ where: { ...ofAccount, createdAt: { gt: wayBack.createdAt } } });
  return true;
}

/**
 * True while another account can still take this address back. Ask after looking whether an account has it: in the other
 * order an address that moves between the two questions would look free.
 */
export async function isReserved(
  emailCanonical: string,
  userId: string | null,
  tx: Tx = db,
): Promise<boolean> {
  const wayBack = await tx.linkToken.findFirst({
    where: {
      email: emailCanonical,
      purpose,
      expiresAt: { gt: new Date() },
      ...(userId !== null && { userId: { not: userId } }),
    },
    select: { id: true },
  });
  return wayBack !== null;
}

/**
 * Makes another link for the way back that outranks an account's others, which are the newer ones. It has the same rank and
 * works longer, but once: of a way back that is too old by itself there is none.
 * @returns the address it gives the account back, as typed; null where there is no way back
 */
export async function prolongWayBack(
  userId: string,
  expiresAt: Date,
  tx: Tx,
): Promise<{ address: string; link: LinkToken } | null> {
  const oldest = await findOldest(userId, tx);
  if (!oldest?.address || oldest.createdAt.getTime() + links[purpose].ttlMs <= Date.now()) return null;
  const { email, address, createdAt } = oldest;
  const way = { userId, emailCanonical: email, address, createdAt, expiresAt };
  return { address, link: await makeLinkToken(purpose, way, tx) };
}
