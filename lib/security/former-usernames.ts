import "server-only";
import { db, type Tx } from "../platform/db";
import { atOnce, inBatches, type Pace } from "../platform/db/in-batches";
import { USERNAME_RESERVED_DAYS } from "../shared/limits";
import { DAY_MS } from "../shared/units";

/** How long a username that was given up is kept for its account, in milliseconds. */
export const USERNAME_RESERVED_MS = USERNAME_RESERVED_DAYS * DAY_MS;

/** A name that an account has given up, and that no other account gets yet. */
export interface FormerUsername {
  username: string;
  usernameCanonical: string;
  /** When the account got another one. */
  leftAt: Date;
}

/** Names given up before this moment are anybody's. */
const reservedSince = (now = Date.now()) => new Date(now - USERNAME_RESERVED_MS);

/**
 * True while another account can still take this username back. Ask after looking whether an account has it: in the other
 * order a name that is given up between the two questions would look free.
 * @param userId the account that wants it; null: a new one
 */
export async function isUsernameReserved(
  usernameCanonical: string,
  userId: string | null,
  tx: Tx = db,
): Promise<boolean> {
  const former = await tx.formerUsername.findFirst({
    where: {
      usernameCanonical,
      leftAt: { gt: reservedSince() },
      ...(userId !== null && { userId: { not: userId } }),
    },
    select: { id: true },
  });
  return former !== null;
}

/** Another account can still take the username back. */
export class UsernameReservedError extends Error {
  override readonly name = "UsernameReservedError";
}

/**
 * The same in the transaction that has just given the account that name, when no other one can get or leave it any more.
 * @throws UsernameReservedError to undo the transaction
 */
export async function assertUsernameIsFree(usernameCanonical: string, userId: string, tx: Tx): Promise<void> {
  if (await isUsernameReserved(usernameCanonical, userId, tx)) throw new UsernameReservedError();
}

/** The names an account has given up lately, the one given up last first. It may have one of them again. */
export function findFormerUsernames(userId: string, tx: Tx = db): Promise<FormerUsername[]> {
  return tx.formerUsername.findMany({
    where: { userId, leftAt: { gt: reservedSince() } },
    orderBy: { leftAt: "desc" },
    select: { username: true, usernameCanonical: true, leftAt: true },
  });
}

/**
 * Notes that an account gives its username up, with the change to another one. A name has one row, however often it is given
 * up: going to and fro fills no table.
 */
export async function keepFormerUsername(
  userId: string,
  former: Pick<FormerUsername, "username" | "usernameCanonical">,
  tx: Tx,
): Promise<void> {
  const { usernameCanonical } = former;
  await tx.formerUsername.deleteMany({ where: { userId, usernameCanonical } });
  const data = { ...former, userId, leftAt: new Date() };
  await tx.formerUsername.create({ data, select: { id: true } });
}

/** Deletes names that are anybody's by now. Resolves to how many. */
export function purgeFormerUsernames(now = Date.now(), pace: Pace = atOnce): Promise<number> {
  const where = { leftAt: { lte: reservedSince(now) } };
  return inBatches((limit) => db.formerUsername.deleteMany({ where, limit }), pace);
}
