import "server-only";
import type { Tx } from "../platform/db";
import { holdAccount } from "../security/hold-account";

/** The session that asks for something, and whose it is. */
export interface AskingSession {
  id: string;
  user: { id: string };
}

/** Takes back what a transaction has done: the session that asked for it has ended in it. A log-out holds no account. */
export class SessionEndedError extends Error {
  override readonly name = "SessionEndedError";
}

/**
 * Holds the account of a session that was live when its request came, to the end of the transaction. What takes its time
 * after that, such as a picture on its way, must not outlive the session.
 * @returns false when it has been ended since, or its account was locked or is to be deleted
 */
export async function holdForSession({ id, user }: AskingSession, tx: Tx): Promise<boolean> {
  await holdAccount({ id: user.id }, tx);
  const isOpen = { lockedByOwnerAt: null, lockedByOperatorAt: null, deleteAt: null };
  return (await tx.session.count({ where: { id, userId: user.id, user: isOpen } })) > 0;
}
