import "server-only";
import { newLoginLetter } from "../../mail/emails/new-login";
import type { ClientInfo } from "../../platform/client-info";
import { db } from "../../platform/db";
import { env, features } from "../../platform/env";
import { type AuditEventName, record } from "../../security/audit";
import {
  HashQueueFullError,
  hashPassword,
  needsRehash,
  passwordMatches,
} from "../../security/passwords/password";
import { openSession } from "../../security/sessions";
import { canonical, type LoginInput } from "../../shared/schemas";
import { notify } from "../security-alerts";
import { requestVerification } from "../verify-email";
import { keepsPassword, provePassword } from "./prove-password";

export type LoginOutcome =
  | {
      ok: true;
      userId: string;
      deviceToken: string;
      /** Answers the session's token; null when the password compared is the account's no more. */
      openSession(isRemembered: boolean): Promise<string | null>;
    }
  /** Unknown email or wrong password; which of them is not told. */
  | { ok: false; reason: "refused" }
  /** The right password, and REQUIRE_VERIFIED_EMAIL: another letter is on its way. */
  | { ok: false; reason: "unverified" }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

/**
 * Whose account email and password open. An unknown email and a wrong password get the same answer after the same work
 * (ASVS v5.0.0-6.3.8); too many failures are turned away before any work, known address or not.
 * @throws HashQueueFullError when too many others wait already, before anything is counted
 */
export async function authenticate(
  { email, password }: Pick<LoginInput, "email" | "password">,
  client: ClientInfo,
): Promise<LoginOutcome> {
  const proof = await provePassword(canonical(email), password, client);
  if (!proof.ok) return proof;
  const { user, isKnown, deviceToken } = proof;
  const passwordHash = needsRehash(user.passwordHash) ? await rehash(user, password) : user.passwordHash;
  if (env().requireVerifiedEmail && user.emailVerified === null) {
    await record("login-unverified", { userId: user.id }, client);
    await requestVerification(user, client); // where there were too many, the last one still works
    return { ok: false, reason: "unverified" };
  }
  const isNews = features().mail && !isKnown && (await hasLoggedInBefore(user.id));
  await record("login", { userId: user.id }, client);
  if (isNews) await db.$transaction((tx) => notify(user, newLoginLetter, client, tx));
  return {
    ok: true,
    userId: user.id,
    deviceToken,
    // A reset or a lock just now has ended every session, and this one shall not be forgotten.
    openSession: (isRemembered) =>
      db.$transaction(async (tx) =>
        (await keepsPassword({ id: user.id, passwordHash }, tx))
          ? openSession(user.id, isRemembered, client, tx)
          : null,
      ),
  };
}

/**
 * Replaces a hash of an older kind or a lower cost, unless the password was changed meanwhile. A rush puts it off.
 * @returns the hash that stands for this password now
 */
async function rehash(
  { id, passwordHash: oldHash }: { id: string; passwordHash: string },
  password: string,
): Promise<string> {
  const passwordHash = await hashPassword(password).catch((error: unknown) => {
    if (error instanceof HashQueueFullError) return null;
    throw error;
  });
  if (passwordHash === null) return oldHash;
  const { count } = await db.user.updateMany({
    where: { id, passwordHash: oldHash },
    data: { passwordHash },
  });
  if (count === 1) return passwordHash;
  // Another login may have been quicker to do the same.
  const now = await db.user.findUnique({ where: { id }, select: { passwordHash: true } });
  return now?.passwordHash && (await passwordMatches(password, now.passwordHash))
    ? now.passwordHash
    : oldHash;
}

/** False for the first login after registering: that it comes from a new device is no news. */
async function hasLoggedInBefore(userId: string): Promise<boolean> {
  const where = { userId, event: "login" satisfies AuditEventName };
  return (await db.auditEvent.findFirst({ where, select: { id: true } })) !== null;
}
