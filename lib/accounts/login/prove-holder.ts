import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db } from "../../platform/db";
import { type AdmitOutcome, admit } from "./admit";
import { type PasswordProof, type ProvenUser, provePassword } from "./prove-password";

/** A browser that wants to use an emailed link or code, and what it has to show that the account is its own. */
export interface Asker {
  /** Who is logged in there; null: no one. */
  userId: string | null;
  /** The token in its session cookie, alive or not; null: none. */
  sessionToken: string | null;
  /** The account's password as typed; null: none was. */
  password: string | null;
}

export type HolderProof =
  /** `user`: proven by the password; null: the browser is logged in to that account. */
  | { ok: true; user: ProvenUser | null }
  /** The browser is not logged in to that account, and no password was typed. */
  | { ok: false; reason: "password-needed" }
  | Exclude<PasswordProof, { ok: true }>;

/**
 * Finds out whether a browser belongs to the account with this address: it is logged in to it, or has typed its password,
 * under the limits of the login. To read a mailbox is not enough where a link binds the mailbox to an account that a
 * stranger may have.
 * @throws HashQueueFullError as {@link provePassword}
 */
export async function proveHolder(
  emailCanonical: string,
  { userId, password }: Asker,
  client: ClientInfo,
): Promise<HolderProof> {
  const account = await db.user.findUnique({ where: { emailCanonical }, select: { id: true } });
  if (userId !== null && account?.id === userId) return { ok: true, user: null };
  if (password === null) return { ok: false, reason: "password-needed" };
  return provePassword(emailCanonical, password, client);
}

/**
 * Logs in the browser that has just proven the account's password elsewhere than in the login form. One that is logged in
 * to another account stays so.
 * @returns null when it is
 */
export async function admitProven(
  user: ProvenUser,
  { userId, sessionToken }: Asker,
  client: ClientInfo,
): Promise<AdmitOutcome | null> {
  if (userId !== null) return null;
  return admit(user, "password", client, { isRemembered: false, previousSessionToken: sessionToken });
}
