import "server-only";
import { PrismaAdapter } from "@auth/prisma-adapter";
import { db, type Tx } from "../../platform/db";
import { isUsable } from "../../platform/providers/configured-providers";
import { ADDRESSEE_COLUMNS, type Addressee } from "../addressee";

/** Whom a provider means. */
export interface Subject {
  /** The provider's name in the settings. */
  provider: string;
  /** Who says so: under another issuer the same subject is somebody else (OpenID Connect Core §5.7). */
  issuer: string;
  subject: string;
}

/** A connection as its owner finds it in the list of theirs. */
export interface ListedConnection {
  provider: string;
  issuer: string;
  /** What the provider calls them; null: it has not said. */
  name: string | null;
  createdAt: Date;
}

const keyOf = ({ provider, issuer, subject }: Subject) => ({ provider, issuer, providerAccountId: subject });

/** Whose a connection is; null: nobody's. */
export async function findConnected(subject: Subject, tx: Tx = db): Promise<Addressee | null> {
  const found = await tx.account.findUnique({
    where: { provider_issuer_providerAccountId: keyOf(subject) },
    select: { user: { select: ADDRESSEE_COLUMNS } },
  });
  return found?.user ?? null;
}

/** The connections of an account, the newest first. */
export async function findConnections(userId: string, tx: Tx = db): Promise<ListedConnection[]> {
  return tx.account.findMany({
    where: { userId },
    orderBy: [{ createdAt: "desc" }, { provider: "asc" }],
    select: { provider: true, issuer: true, name: true, createdAt: true },
  });
}

/** Whom a provider means by an account; null: it has no connection with it, or only one that opens nothing. */
export async function findUsable(userId: string, provider: string): Promise<Subject | null> {
  const connections = await db.account.findMany({
    where: { userId, provider },
    select: { provider: true, issuer: true, providerAccountId: true },
  });
  const own = connections.find(isUsable);
  return own ? { provider, issuer: own.issuer, subject: own.providerAccountId } : null;
}

/** How many an account has, also of those that open nothing. */
export async function countConnections(userId: string, tx: Tx): Promise<number> {
  return tx.account.count({ where: { userId } });
}

/**
 * Gives an account a connection, by next-auth's adapter: the columns that name it and no token (ASVS v5.0.0-10.1.1). The
 * transaction holds the account.
 * @throws a unique violation where an account has it already
 */
export async function keepConnection(
  userId: string,
  { type, name, ...subject }: Subject & { type: "oidc" | "oauth"; name: string | null },
  tx: Tx,
): Promise<void> {
  const { linkAccount } = PrismaAdapter(tx as typeof db); // it makes one query, which a transaction can
  if (!linkAccount) throw new Error("next-auth's adapter links no account");
  await linkAccount({ userId, type, ...keyOf(subject), name });
}

/** True while an account has this connection. */
export async function hasConnection(userId: string, subject: Subject, tx: Tx): Promise<boolean> {
  return (await tx.account.count({ where: { ...keyOf(subject), userId } })) === 1;
}

/** Takes the connections with one provider from an account. False when it has none. The transaction holds the account. */
export async function dropConnection(userId: string, provider: string, tx: Tx): Promise<boolean> {
  return (await tx.account.deleteMany({ where: { userId, provider } })).count > 0;
}

/** Takes every connection from an account. Answers how many. The transaction holds the account. */
export async function dropConnections(userId: string, tx: Tx): Promise<number> {
  return (await tx.account.deleteMany({ where: { userId } })).count;
}
