import "server-only";
import { passwordResetEmail } from "../mail/emails/password-reset";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import type { Tx } from "../platform/db";
import { record } from "../security/audit";
import { dropConnections } from "../security/connections/connections";
import { makeLinkToken, spendLinkToken } from "../security/link-tokens";
import { dropPasskeys } from "../security/passkeys/passkeys";
import { spendOldest } from "../security/ways-back";
import { type AskingSession, holdForSession } from "./asking-session";
import { type MoveOutcome, takeAddressBack } from "./change-email";
import { lock } from "./locks";
import type { Addressee } from "./security-alerts";
import { type Taken, unlessTaken } from "./set-email";
import { endFactorsSince } from "./two-factor/factors";

/** The account is locked, and where `isAddressBack` it has its former address again. */
interface Locked {
  ok: true;
  isAddressBack: boolean;
}

export type LockAccountOutcome = Locked | Exclude<MoveOutcome, { ok: true }>;

export type LockOwnAccountOutcome =
  | Locked
  /** The address was never confirmed. */
  | { ok: false; reason: "unconfirmed" }
  /** The session that asks has just been ended. */
  | { ok: false; reason: "session-over" }
  | Taken;

/**
 * Locks the account by the link of a security alert, because its owner had no part in what the alert tells. An email with
 * a link for a new password goes out, which ends the lock. Second factors and connections that were added since what the
 * alert tells of end: they may be a thief's. Where the account has got another address since, and the one that
 * the link was sent to can be taken back, it is.
 */
export async function lockAccount(token: string, client: ClientInfo): Promise<LockAccountOutcome> {
  return unlessTaken(async (tx) => {
    const owner = await spendLinkToken("lock-account", token, tx);
    if (!owner) return { ok: false, reason: "link-spent" };
    if (owner.address !== null) {
      await takeAddressBack(owner, owner.address, client, tx);
      return { ok: true, isAddressBack: true };
    }
    await endFactorsSince(owner, owner.madeAt, client, tx);
    await lockFor(owner, "account-locked", client, tx);
    return { ok: true, isAddressBack: false };
  });
}

/**
 * The same for a person who is logged in and finds that somebody else has been. Their address has to be confirmed: the email
 * that goes there is the way back. Where the account can take a former address back, it does: who has the present one may be
 * who has been there. Without one, second factors stay as they are: this may be a thief with a session, who must not end them. Passkeys and connections end, because
 * any of them may be of who has been there, and would open the account again by itself.
 */
export async function lockOwnAccount(
  session: AskingSession,
  client: ClientInfo,
): Promise<LockOwnAccountOutcome> {
  return unlessTaken(async (tx) => {
    if (!(await holdForSession(session, tx))) return { ok: false, reason: "session-over" };
    const userId = session.user.id;
    const owner = await tx.user.findFirst({
      where: { id: userId, emailVerified: { not: null } },
      select: { id: true, username: true, email: true, emailCanonical: true },
    });
    if (!owner) return { ok: false, reason: "unconfirmed" };
    if ((await dropConnections(userId, tx)) > 0) await record("connections-ended", { userId }, client, tx);
    const former = await spendOldest(userId, tx);
    if (former?.address) {
      await record("account-locked-inside", { userId }, client, tx);
      await takeAddressBack({ ...owner, madeAt: former.madeAt }, former.address, client, tx, "lock");
      return { ok: true, isAddressBack: true };
    }
    if ((await dropPasskeys(userId, tx)) > 0) await record("passkeys-ended", { userId }, client, tx);
    await lockFor(owner, "account-locked-inside", client, tx);
    return { ok: true, isAddressBack: false };
  });
}

async function lockFor(
  { id, username, email, emailCanonical }: Addressee,
  event: "account-locked" | "account-locked-inside",
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  await lock(id, "owner", tx);
  await record(event, { userId: id }, client, tx);
  const made = await makeLinkToken("reset-password", { userId: id, emailCanonical }, tx);
  await enqueueEmail(passwordResetEmail({ email, username }, client, made), tx);
}
