import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { record } from "../../security/audit";
import { isKnownDevice } from "../../security/known-browsers";
import { passwordMatches, takeHashPlace } from "../../security/passwords/password";
import { takeLogin } from "../../security/rate-limits/rate-limits";
import type { Addressee } from "../security-alerts";

export type PasswordProof =
  | { ok: true; user: Addressee & ProvenUser; isKnown: boolean; deviceToken: string }
  | { ok: false; reason: "refused" }
  | { ok: false; reason: "throttled"; retryAfterSeconds: number };

interface ProvenUser {
  emailVerified: Date | null;
  /** The hash the password was compared with. */
  passwordHash: string;
}

/** Compares a password under the login's limits, which hold wherever one is asked for, and notes each that failed. */
export async function provePassword(
  emailCanonical: string,
  password: string,
  client: ClientInfo,
): Promise<PasswordProof> {
  const isKnown = isKnownDevice(client.browserToken, emailCanonical) !== null;
  const place = takeHashPlace(isKnown); // before anything is counted: nobody fails whose password is never looked at
  try {
    const admission = await takeLogin(emailCanonical, client);
    if (!admission.ok) {
      await record("login-throttled", { userId: null }, client);
      return { ok: false, reason: "throttled", retryAfterSeconds: admission.retryAfterSeconds };
    }
    const user = await db.user.findUnique({
      where: { emailCanonical },
      select: { id: true, email: true, emailCanonical: true, emailVerified: true, passwordHash: true },
    });
    const matches = await passwordMatches(password, user?.passwordHash ?? null, place);
    if (!user?.passwordHash || !matches) {
      await record("login-failed", { userId: user?.id ?? null }, client);
      return { ok: false, reason: "refused" };
    }
    const deviceToken = await admission.succeeded();
    return { ok: true, user: { ...user, passwordHash: user.passwordHash }, isKnown, deviceToken };
  } finally {
    place.leave();
  }
}

/** False once the password is another than the one compared; while true, it stays that one to the transaction's end. */
export async function keepsPassword(
  { id, passwordHash }: { id: string; passwordHash: string },
  tx: Tx,
): Promise<boolean> {
  const { count } = await tx.user.updateMany({
    where: { id, passwordHash },
    data: { updatedAt: new Date() },
  });
  return count === 1;
}
