import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db } from "../../platform/db";
import {
  HashQueueFullError,
  hashPassword,
  needsRehash,
  passwordMatches,
  requesterOf,
  reserveHashSlot,
} from "../../security/passwords/password";
import { canonical } from "../../shared/canonical";
import { type AdmitOptions, type AdmitOutcome, admit, type LoginOutcome } from "./admit";
import { type ProvenUser, provePassword } from "./prove-password";

/**
 * Logs in with email and password. An unknown email and a wrong password get the same answer after the same work
 * (ASVS v5.0.0-6.3.8); after too many failures nothing is compared, whether or not an account has that email.
 * @throws HashQueueFullError when too many others wait already, before anything is counted
 */
export async function logInWithPassword(
  {
    email,
    password,
    remember,
    previousSessionToken,
  }: { email: string; password: string; remember: boolean; previousSessionToken: string | null },
  client: ClientInfo,
): Promise<LoginOutcome> {
  const proof = await provePassword(canonical(email), password, client);
  if (!proof.ok) return proof;
  return admitByPassword(proof.user, password, client, { isRemembered: remember, previousSessionToken });
}

/** Leads a person on to the gate who has just proven this password, whatever form asked for it. */
export async function admitByPassword(
  user: ProvenUser,
  password: string,
  client: ClientInfo,
  options: AdmitOptions,
): Promise<AdmitOutcome> {
  return admit(await withCurrentHash(user, password, client), "password", client, options);
}

/**
 * Replaces a hash of an older kind or a lower cost, unless the password was changed meanwhile. When too many others wait
 * for a hash, the next login does it.
 * @returns the user with the hash that the account has for this password now
 */
async function withCurrentHash(user: ProvenUser, password: string, client: ClientInfo): Promise<ProvenUser> {
  const { id, passwordHash: oldHash } = user;
  if (!needsRehash(oldHash)) return user;
  const requester = requesterOf(client, user.emailCanonical);
  try {
    const passwordHash = await hashPassword(password, await reserveHashSlot(requester));
    const { count } = await db.user.updateMany({
      where: { id, passwordHash: oldHash },
      data: { passwordHash },
    });
    if (count === 1) return { ...user, passwordHash };
    // Another login may have been quicker to do the same.
    const now = await db.user.findUnique({ where: { id }, select: { passwordHash: true } });
    if (!now?.passwordHash) return user;
    const isSamePassword = await passwordMatches(
      password,
      now.passwordHash,
      await reserveHashSlot(requester),
    );
    return isSamePassword ? { ...user, passwordHash: now.passwordHash } : user;
  } catch (error) {
    if (error instanceof HashQueueFullError) return user;
    throw error;
  }
}
