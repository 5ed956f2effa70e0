import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { disownHistory, record } from "../../security/audit";
import { holdAccount } from "../../security/hold-account";
import { isReserved } from "../../security/ways-back";
import { canonical } from "../../shared/canonical";
import { beginAnew } from "../begin-anew";
import type { LockedBy } from "../locks";
import type { ProviderIdentity } from "../login/prove-provider";
import { hasRegistered } from "../newcomers";

/** What the account of a newcomer gets, and what no two accounts have in common. */
export interface Newcomer {
  username: string;
  email: string;
  /** True where they may, and want to, make an account theirs that was never confirmed also while somebody uses it. */
  takesOver: boolean;
  usernameCanonical: string;
  emailCanonical: string;
}

/** An account whose address was never confirmed. */
interface Unconfirmed {
  id: string;
  /** True once somebody has logged in to it, or where its history has no registration, as of an imported one: it may be somebody's. */
  mayBeUsed: boolean;
  /** By the operator. */
  isLocked: boolean;
}

/** Whose an address is: a confirmed account's, one's that was never confirmed, nobody's. */
export async function findHolder(emailCanonical: string, tx: Tx): Promise<"confirmed" | Unconfirmed | null> {
  const holder = await tx.user.findUnique({
    where: { emailCanonical },
    select: { id: true, emailVerified: true, firstLoginAt: true, lockedByOperatorAt: true },
  });
  if (holder?.emailVerified) return "confirmed";
  if (holder)
    return {
      id: holder.id,
      mayBeUsed: holder.firstLoginAt !== null || !(await hasRegistered(holder.id, tx)),
      isLocked: holder.lockedByOperatorAt !== null,
    };
  return (await isReserved(emailCanonical, null, tx)) ? "confirmed" : null;
}

/**
 * True where somebody whom a provider means has an account already, by an address that the provider has shown to be theirs.
 * Of a mere claim nothing is looked up: a provider can name any address, and the answer would tell who has an account
 * (ASVS v5.0.0-6.3.8).
 */
export async function hasAccountAt(identity: ProviderIdentity): Promise<boolean> {
  if (!identity.isEmailProven || identity.email === null) return false;
  return (await findHolder(canonical(identity.email), db)) === "confirmed";
}

/** True where the address that a provider has shown to be theirs has an account that may be in use, which nobody has ever confirmed. */
export async function isAddressInUse({ isEmailProven, email }: ProviderIdentity): Promise<boolean> {
  const holder = isEmailProven && email !== null ? await findHolder(canonical(email), db) : null;
  return holder !== null && holder !== "confirmed" && holder.mayBeUsed;
}

export type TakeOverRefusal =
  /** An account that somebody may use has the address: becoming theirs ends what was set in it. */
  | { ok: false; reason: "in-use" }
  /** The operator has locked it. */
  | { ok: false; reason: "locked"; by: LockedBy };

/** Why an account that was never confirmed is not taken over; null: it is. @param takesOver as {@link Newcomer} says */
export function refusalOfTakeOver(
  { isLocked, mayBeUsed }: Unconfirmed,
  takesOver: boolean,
): TakeOverRefusal | null {
  if (isLocked) return { ok: false, reason: "locked", by: "operator" };
  return mayBeUsed && !takesOver ? { ok: false, reason: "in-use" } : null;
}

/** The address has become a confirmed account's or one's way back, or its account was logged in to or locked, at this moment. */
export class TakeOverRefusedError extends Error {}

/**
 * Gives an account that was never confirmed to whom the provider has shown its address to be theirs: its password and all else
 * may be a stranger's. When somebody first logged in to it stays: one that was in use is no newcomer's.
 * @returns which it was; null: no account has the address
 * @throws TakeOverRefusedError where it must not be taken over, as it is now
 */
export async function takeOver(
  { username, email, takesOver, usernameCanonical, emailCanonical }: Newcomer,
  client: ClientInfo,
  tx: Tx,
): Promise<Pick<Unconfirmed, "id" | "mayBeUsed"> | null> {
  await holdAccount({ emailCanonical }, tx);
  const holder = await findHolder(emailCanonical, tx);
  if (holder === null) return null;
  if (holder === "confirmed") throw new TakeOverRefusedError();
  if (refusalOfTakeOver(holder, takesOver)) throw new TakeOverRefusedError();
  const { id, mayBeUsed } = holder;
  await tx.user.update({
    where: { id },
    data: {
      username,
      usernameCanonical,
      email,
      passwordHash: null,
      emailVerified: new Date(),
      createdAt: new Date(),
      passkeyHandle: null,
      passkeyOfferedAt: null,
    },
    select: { id: true },
  });
  const deleteAt = await beginAnew({ id, emailCanonical }, true, tx);
  if (deleteAt) await record("deletion-cancelled", { userId: id }, client, tx);
  await disownHistory(id, tx); // nor that somebody had asked for the end of it
  await record("email-verified", { userId: id }, client, tx);
  return { id, mayBeUsed };
}
