import "server-only";
import type { Tx } from "../platform/db";

/** By what an account is found. With the hash, only while it still has this password; with null, while it has none. */
type Which = { id: string; passwordHash?: string | null } | { emailCanonical: string };

/**
 * Locks an account's row until the transaction ends, so that changes of one account happen one after the other. Every
 * transaction that changes an account begins with it.
 *
 * All transactions lock rows in one order: user, link tokens, sessions, known browsers. In two orders, two transactions
 * would wait for each other and PostgreSQL would end one of them. To hold the user is not enough: a login also ends the
 * session, and renames the browser, of another account that was logged in there before. Rows of second factors,
 * and of logins that wait for one, are locked beside others by nobody but who holds their account.
 * @returns false when there is no such account
 */
export async function holdAccount(which: Which, tx: Tx): Promise<boolean> {
  const { count } = await tx.user.updateMany({ where: which, data: { updatedAt: new Date() } });
  return count === 1;
}
