import "server-only";
import { endedWithLockEmail } from "../mail/emails/ended-with-lock";
import { passwordResetEmail } from "../mail/emails/password-reset";
import { enqueueEmail } from "../mail/outbox";
import type { ClientInfo } from "../platform/client-info";
import { db, type Tx } from "../platform/db";
import type { Addressee } from "../security/addressee";
import { record } from "../security/audit";
import { dropConnections } from "../security/connections/connections";
import { makeLinkToken, spendLinkToken } from "../security/link-tokens";
import { dropPasskeys } from "../security/passkeys/passkeys";
import { hasProofLately } from "../security/session-proof";
import { findFormerAddress, spendOldest } from "../security/ways-back";
import { type AskingSession, holdForSession } from "./asking-session";
import { type MoveOutcome, takeAddressBack } from "./change-email";
import { holdForChange } from "./factor-change";
import { endFactorsSince } from "./factors";
import { lock } from "./locks";
import { findConfirmedOwner } from "./security-alerts";
import { type Taken, unlessTaken } from "./set-email";
import { findOtherWays, type OtherWays } from "./ways-left";

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
  /** More than a lock would come of it, and the session's proof of who is there is not recent. */
  | { ok: false; reason: "proof-needed" }
  | Taken;

/** What a lock from inside does beside locking. Where there is any of it, the lock takes a recent proof. */
export interface LockEffects extends OtherWays {
  /** The address that the account gets back; null: it keeps the present one. */
  formerAddress: string | null;
  /**
   * True where the account can be locked alone, without a proof. Not where it has got another address lately: the link that
   * ends the lock would go there, to whoever moved it. The owner has the link in the former mailbox.
   */
  canLockAlone: boolean;
}

/** What {@link lockOwnAccount} would do to an account beside locking it. */
export async function findLockEffects(userId: string, tx: Tx = db): Promise<LockEffects> {
  const formerAddress = await findFormerAddress(userId, tx);
  const ways = await findOtherWays(userId, tx);
  const canLockAlone = formerAddress === null && (ways.hasPasskeys || ways.hasConnections);
  return { formerAddress, ...ways, canLockAlone };
}

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
 * who has been there. Passkeys and connections end, all of them: any may be of who has been there, and would open the account
 * again by itself. Both take a recent proof, a second factor included, because this may be a thief with an old session and the
 * mailbox (ASVS v5.0.0-7.5.1). Without a former address other second factors stay as they are.
 * @param extent "lock": nothing but that, and never with a former address. It takes no proof: a factor that a thief has set up must
 * not keep the owner from it
 */
export async function lockOwnAccount(
  session: AskingSession,
  client: ClientInfo,
  extent: "all" | "lock" = "all",
): Promise<LockOwnAccountOutcome> {
  return unlessTaken(async (tx) => {
    if (!(await holdForSession(session, tx))) return { ok: false, reason: "session-over" };
    const userId = session.user.id;
    const owner = await findConfirmedOwner(userId, tx);
    if (!owner) return { ok: false, reason: "unconfirmed" };
    const { formerAddress, hasPasskeys, hasConnections } = await findLockEffects(userId, tx);
    if (extent === "lock") {
      // Moved since the page was made, or by a form that no page has: the link would go to the person who did it.
      if (formerAddress !== null) return { ok: false, reason: "proof-needed" };
      await lockFor(owner, "account-locked-inside", client, tx);
      return { ok: true, isAddressBack: false };
    }
    if (formerAddress !== null || hasPasskeys || hasConnections) {
      const refusal = await holdForChange(session, tx);
      if (refusal) return refusal;
      if (!(await hasProofLately(session.id, tx))) return { ok: false, reason: "proof-needed" };
    }
    const ended = {
      passkeys: (await dropPasskeys(userId, tx)) > 0,
      connections: (await dropConnections(userId, tx)) > 0,
    };
    if (ended.passkeys) await record("passkeys-ended", { userId }, client, tx);
    if (ended.connections) await record("connections-ended", { userId }, client, tx);
    const former = await spendOldest(userId, tx);
    const email = former?.address ?? owner.email;
    if (ended.passkeys || ended.connections)
      await enqueueEmail(endedWithLockEmail({ email, username: owner.username }, ended), tx);
    if (former?.address) {
      await record("account-locked-inside", { userId }, client, tx);
      await takeAddressBack({ ...owner, madeAt: former.madeAt }, former.address, client, tx, "lock");
      return { ok: true, isAddressBack: true };
    }
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
