import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { ADDRESSEE_COLUMNS, type Addressee } from "../../security/addressee";
import { record } from "../../security/audit";
import { holdAccount } from "../../security/hold-account";
import { findKnownBrowser } from "../../security/known-browsers";
import { passwordMatches, requesterOf, reserveHashSlot } from "../../security/passwords/password";
import { consumeLogin, findLoginWait } from "../../security/rate-limits/login-limits";
import { type Throttled, throttled } from "../outcomes";

export type PasswordProof =
  | { ok: true; user: ProvenUser }
  /** Unknown email or wrong password. */
  | { ok: false; reason: "refused" }
  | Throttled;

/** The account of a person who knew its password. Whether they may come in is for `admit` to say. */
export interface ProvenUser extends Addressee {
  /** The hash the password was compared with. */
  passwordHash: string;
}

/** What is read of an account to compare its password. */
export const PROVEN_COLUMNS = { ...ADDRESSEE_COLUMNS, passwordHash: true } as const;

/** The account with that name and {@link PROVEN_COLUMNS}; null when there is none. */
type FindAccount = (name: string) => Promise<(Addressee & { passwordHash: string | null }) | null>;

const findByEmail: FindAccount = (emailCanonical) =>
  db.user.findUnique({ where: { emailCanonical }, select: PROVEN_COLUMNS });

/**
 * Compares a password, under the login's limits wherever a password is asked for, and records each that is wrong. An
 * unknown email, a locked account and a wrong password cost the same work (ASVS v5.0.0-6.3.8).
 * @param name what the attempt counts under: the canonical address, or what `find` looks for
 * @param holdsLink true when it comes with a working link of the account: then it waits beside known browsers, not strangers
 * @throws HashQueueFullError when too many others wait already, or too many of this client or account, before anything is
 *   counted
 */
export async function provePassword(
  name: string,
  password: string,
  client: ClientInfo,
  { find = findByEmail, holdsLink = false } = {},
): Promise<PasswordProof> {
  const browserId = await findKnownBrowser(name, client.browserToken);
  const wait = await findLoginWait(name, browserId, client);
  if (wait > 0) return refuseForNow(wait, client);
  const slot = await reserveHashSlot(requesterOf(client, name, browserId !== null || holdsLink));
  try {
    await slot.turn();
    // Not before its turn: an attempt whose password is never looked at must not count as a failure.
    const attempt = await consumeLogin(name, browserId, client);
    if (!attempt.ok) return refuseForNow(attempt.retryAfterSeconds, client);
    const user = await find(name);
    const matches = await passwordMatches(password, user?.passwordHash ?? null, slot);
    if (!user?.passwordHash || !matches) {
      await record("login-failed", { userId: user?.id ?? null }, client);
      return { ok: false, reason: "refused" };
    }
    await attempt.succeed();
    return { ok: true, user: { ...user, passwordHash: user.passwordHash } };
  } finally {
    slot.release();
  }
}

async function refuseForNow(retryAfterSeconds: number, client: ClientInfo): Promise<Throttled> {
  await record("login-throttled", { userId: null }, client);
  return throttled("attempts", retryAfterSeconds);
}

/**
 * False once the account has another password than the one compared. While it is true, the account is held to the
 * transaction's end, so neither its password nor its locks change before.
 */
export async function isPasswordUnchanged(
  { id, passwordHash }: Pick<ProvenUser, "id" | "passwordHash">,
  tx: Tx,
): Promise<boolean> {
  return holdAccount({ id, passwordHash }, tx);
}
