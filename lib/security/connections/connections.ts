import "server-only";
import { PrismaAdapter } from "@auth/prisma-adapter";
import { db, type Tx } from "../../platform/db";

/** Whom a provider means. */
export interface Subject {
  /** The provider's name in the settings. */
  provider: string;
  /** Who says so: under another issuer the same subject is somebody else (OpenID Connect Core §5.7). */
  issuer: string;
  subject: string;
}

/** A connection, and whose it is. */
export interface FoundConnection {
  /** Null: of an issuer that is not known. */
  issuer: string | null;
  user: { id: string; username: string; email: string; emailCanonical: string };
}

/** A connection as its owner finds it in the list of theirs. */
export interface ListedConnection {
  provider: string;
  createdAt: Date;
}

const keyOf = ({ provider, subject }: Subject) => ({ provider, providerAccountId: subject });

/** Null when nobody has it. Whether its issuer is the provider's now is for the caller to compare. */
export async function findConnection(subject: Subject, tx: Tx = db): Promise<FoundConnection | null> {
  return tx.account.findUnique({
    where: { provider_providerAccountId: keyOf(subject) },
    select: {
      issuer: true,
      user: { select: { id: true, username: true, email: true, emailCanonical: true } },
    },
  });
}

/** The connections of an account, the newest first. */
export async function findConnections(userId: string, tx: Tx = db): Promise<ListedConnection[]> {
  return tx.account.findMany({
    where: { userId },
    orderBy: [{ createdAt: "desc" }, { provider: "asc" }],
    select: { provider: true, createdAt: true },
  });
}

/**
 * Gives an account a connection, by next-auth's adapter: the four columns that name it and no token (ASVS v5.0.0-10.1.1). The
 * transaction holds the account.
 * @throws a unique violation where an account has it already
 */
export async function keepConnection(
  userId: string,
  type: "oidc" | "oauth",
  subject: Subject,
  tx: Tx,
): Promise<void> {
  const { issuer } = subject;
  await PrismaAdapter(tx as typeof db).linkAccount?.({ userId, type, ...keyOf(subject), issuer });
}

/** True while an account has this connection. */
export async function hasConnection(userId: string, subject: Subject, tx: Tx): Promise<boolean> {
  const where = { ...keyOf(subject), userId, issuer: subject.issuer };
  return (await tx.account.count({ where })) === 1;
}

/** Takes the connections with one provider from an account. False when it has none. The transaction holds the account. */
export async function dropConnection(userId: string, provider: string, tx: Tx): Promise<boolean> {
  return (await tx.account.deleteMany({ where: { userId, provider } })).count > 0;
}

/** Takes every connection from an account. Answers how many. The transaction holds the account. */
export async function dropConnections(userId: string, tx: Tx): Promise<number> {
  return (await tx.account.deleteMany({ where: { userId } })).count;
}

/** Deletes a connection of another issuer under the same name: it opens nothing, and its place is wanted. */
export async function dropStaleConnection(subject: Subject, tx: Tx): Promise<void> {
  const { issuer } = subject;
  await tx.account.deleteMany({
    where: { ...keyOf(subject), OR: [{ issuer: null }, { issuer: { not: issuer } }] },
  });
}
