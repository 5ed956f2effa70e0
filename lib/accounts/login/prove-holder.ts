import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { ADDRESSEE_COLUMNS } from "../../security/addressee";
import { record } from "../../security/audit";
import type { Subject } from "../../security/connections/connections";
import { holdAccount } from "../../security/hold-account";
import { findLinkToken } from "../../security/link-tokens";
import type { LinkPurpose } from "../../shared/links";
import { type AdmitOutcome, admit } from "./admit";
import { admitByPassword } from "./log-in-with-password";
import { isPasswordUnchanged, type PasswordProof, type ProvenUser, provePassword } from "./prove-password";
import { isConnectionUsable, type ProvenByProvider } from "./prove-provider";

/** A browser that wants to use an emailed link or code, and what it has to show that the account is its own. */
export interface Asker {
  /** Who is logged in there; null: no one. */
  userId: string | null;
  /** The token in its session cookie, alive or not; null: none. */
  sessionToken: string | null;
  /** The account's password as typed; null: none was. */
  password: string | null;
  /** The account that a provider vouches to be this browser's, for one without a password; null or left out: none. */
  vouched?: { id: string; connection: Subject } | null;
}

/** The account that a browser has shown to be its own. */
export interface Holder {
  userId: string;
  /** Proven by the password; null: the browser is logged in to that account, or a provider vouches that it is theirs. */
  user: ProvenUser | null;
  /** Proven by a provider; left out where it is not. */
  byProvider?: ProvenByProvider;
}

export type HolderProof =
  | { ok: true; holder: Holder }
  /** The browser is not logged in to that account, and no password was typed. */
  | { ok: false; reason: "password-needed" }
  | Exclude<PasswordProof, { ok: true }>;

/**
 * Finds out whether a browser belongs to the account with this address: it is logged in to it, a provider has just
 * vouched for it, or it has typed its password, under the limits of the login. To read a mailbox is not enough where a link
 * binds the mailbox to an account that a stranger may have.
 * @throws HashQueueFullError as {@link provePassword}
 */
export async function proveHolder(
  emailCanonical: string,
  { userId, password, vouched = null }: Asker,
  client: ClientInfo,
  holdsLink = false,
): Promise<HolderProof> {
  const account = await db.user.findUnique({
    where: { emailCanonical },
    select: ADDRESSEE_COLUMNS,
  });
  if (userId !== null && account?.id === userId) return { ok: true, holder: { userId, user: null } };
  if (password === null && account && account.id === vouched?.id) {
    const byProvider = { ...account, connection: vouched.connection };
    return { ok: true, holder: { userId: account.id, user: null, byProvider } };
  }
  if (password === null) return { ok: false, reason: "password-needed" };
  const proof = await provePassword(emailCanonical, password, client, { holdsLink });
  if (!proof.ok) return proof;
  return { ok: true, holder: { userId: proof.user.id, user: proof.user } };
}

/**
 * The same for the account that a link was made for.
 * @throws HashQueueFullError as {@link provePassword}
 */
export async function proveHolderOfLink(
  purpose: LinkPurpose,
  token: string,
  asker: Asker,
  client: ClientInfo,
): Promise<HolderProof | { ok: false; reason: "link-spent" }> {
  const owner = await findLinkToken(purpose, token);
  if (!owner) return { ok: false, reason: "link-spent" };
  const proof = await proveHolder(owner.emailCanonical, asker, client, true);
  // The address may have become another account's.
  if (proof.ok && proof.holder.userId !== owner.id) return { ok: false, reason: "refused" };
  return proof;
}

/**
 * False once the account has another password than the one compared, or is gone. While it is true, the account is held to
 * the transaction's end.
 */
export async function isStillHolder({ userId: id, user, byProvider }: Holder, tx: Tx): Promise<boolean> {
  if (byProvider) return isConnectionUsable(byProvider, tx);
  return user ? isPasswordUnchanged(user, tx) : holdAccount({ id }, tx);
}

/** How a browser has shown that an account is its own, and what came of that. */
export interface Admitted {
  by: "session" | "password" | "provider";
  /** What came of the login that followed; null: none did, because somebody is logged in there already. */
  login: AdmitOutcome | null;
}

/**
 * Logs in the browser that has just proven the account's password, or its connection, elsewhere than in the login form. One
 * that is logged in to another account stays so, and the account's history says that its password was used.
 * @param isConfirming true when it has just confirmed the account's address
 */
export async function admitHolder(
  { user, byProvider }: Holder,
  { userId, sessionToken, password }: Asker,
  client: ClientInfo,
  isConfirming = false,
): Promise<Admitted> {
  const options = { isRemembered: false, previousSessionToken: sessionToken, isConfirming };
  if (byProvider)
    return {
      by: "provider",
      login: userId === null ? await admit(byProvider, "provider", client, options) : null,
    };
  if (!user || password === null) return { by: "session", login: null };
  if (userId !== null) {
    await record("password-proven", { userId: user.id }, client);
    return { by: "password", login: null };
  }
  return { by: "password", login: await admitByPassword(user, password, client, options) };
}
