import "server-only";
import { db, type Tx } from "../../platform/db";
import { ADDRESSEE_COLUMNS, type Addressee } from "../addressee";
import { newHandle } from "./handles";
import { workingHere } from "./relying-party";

/** A passkey that has just been made. */
export interface NewPasskey {
  credentialId: string;
  publicKey: string;
  counter: number;
  transports: string;
  aaguid: string;
  isBackupEligible: boolean;
  isBackedUp: boolean;
  /** The host it was made for. */
  rpId: string;
}

/** A passkey as a proof by it is checked, and whose it is. */
export interface StoredPasskey {
  id: string;
  credentialId: string;
  publicKey: string;
  counter: bigint;
  isBackupEligible: boolean;
  user: Addressee & { passkeyHandle: string | null };
}

/** A passkey as its owner finds it in the list of theirs. */
export interface ListedPasskey {
  id: string;
  credentialId: string;
  name: string;
  transports: string;
  aaguid: string;
  isBackedUp: boolean;
  /** The host it was made for: at another one it does not work. */
  rpId: string;
  createdAt: Date;
  /** Null: never yet. */
  lastUsedAt: Date | null;
  /** When a copy of it was refused last; null: never. */
  copiedAt: Date | null;
}

/** Null when no account has it. */
export async function findPasskey(credentialId: string): Promise<StoredPasskey | null> {
  return db.passkey.findUnique({
    where: { credentialId },
    select: {
      id: true,
      credentialId: true,
      publicKey: true,
      counter: true,
      isBackupEligible: true,
      user: { select: { ...ADDRESSEE_COLUMNS, passkeyHandle: true } },
    },
  });
}

/** The passkeys of an account, the newest first. */
export async function findPasskeys(userId: string, tx: Tx = db): Promise<ListedPasskey[]> {
  return tx.passkey.findMany({
    where: { userId },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    select: {
      id: true,
      credentialId: true,
      name: true,
      transports: true,
      aaguid: true,
      isBackedUp: true,
      rpId: true,
      createdAt: true,
      lastUsedAt: true,
      copiedAt: true,
    },
  });
}

/** False when the account has none with that id, whoever else may have it. */
export async function hasPasskey(userId: string, id: string): Promise<boolean> {
  return (await db.passkey.count({ where: { id, userId } })) === 1;
}

/** How many an account has, also of those that do not work here now. */
export async function countPasskeys(userId: string, tx: Tx = db): Promise<number> {
  return tx.passkey.count({ where: { userId } });
}

/** How many of an account's work here now. @param otherThanId one that is left out */
export async function countWorkingPasskeys(
  userId: string,
  tx: Tx = db,
  otherThanId: string | null = null,
): Promise<number> {
  const but = otherThanId === null ? {} : { id: { not: otherThanId } };
  return tx.passkey.count({ where: { userId, ...workingHere(), ...but } });
}

/** By what passkeys know an account; null: it was never asked for one. */
export async function findHandle(userId: string): Promise<string | null> {
  const { passkeyHandle } = await db.user.findUniqueOrThrow({
    where: { id: userId },
    select: { passkeyHandle: true },
  });
  return passkeyHandle;
}

/** The same, made when it is first asked for: random, and nothing about its person (WebAuthn §14.6.1). */
export async function handleOf(userId: string): Promise<string> {
  await db.user.updateMany({
    where: { id: userId, passkeyHandle: null },
    data: { passkeyHandle: newHandle() },
  });
  return (await findHandle(userId)) ?? "";
}

/** Gives an account a passkey. The transaction holds the account. @throws a unique violation where an account has it already */
export async function keepPasskey(userId: string, name: string, made: NewPasskey, tx: Tx): Promise<void> {
  const data = { ...made, counter: BigInt(made.counter), userId, name, createdAt: new Date() };
  await tx.passkey.create({ data, select: { id: true } });
}

/** What a passkey was when it was checked, and what it has shown. */
export interface UsedPasskey {
  id: string;
  formerCounter: bigint;
  counter: number;
  isBackedUp: boolean;
}

/**
 * Notes that a passkey was used. False when it is gone, or was used since it was checked and counts: then one of the two may
 * be a copy. The transaction holds the account.
 */
export async function notePasskeyUse(
  { id, formerCounter, counter, isBackedUp }: UsedPasskey,
  userId: string,
  tx: Tx,
): Promise<boolean> {
  const { count } = await tx.passkey.updateMany({
    where: { id, userId, counter: formerCounter },
    data: { counter: BigInt(counter), isBackedUp, lastUsedAt: new Date() },
  });
  return count === 1;
}

/** Notes that a passkey has counted back: there is a copy of it. */
export async function noteCopy(id: string, tx: Tx): Promise<void> {
  await tx.passkey.updateMany({ where: { id }, data: { copiedAt: new Date() } });
}

/** False when the account has none with that id, whoever else may have it. */
export async function renamePasskeyOf(userId: string, id: string, name: string, tx: Tx): Promise<boolean> {
  return (await tx.passkey.updateMany({ where: { id, userId }, data: { name } })).count === 1;
}

/** False when the account has none with that id, whoever else may have it. The transaction holds the account. */
export async function dropPasskey(userId: string, id: string, tx: Tx): Promise<boolean> {
  return (await tx.passkey.deleteMany({ where: { id, userId } })).count === 1;
}

/** Takes every passkey from an account. Answers how many. The transaction holds the account. */
export async function dropPasskeys(userId: string, tx: Tx): Promise<number> {
  return (await tx.passkey.deleteMany({ where: { userId } })).count;
}
