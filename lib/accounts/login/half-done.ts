import "server-only";
import { halfDoneLoginEmail } from "../../mail/emails/two-factor";
import { findWaitingEmail, rewriteEmail, withdrawEmail } from "../../mail/outbox";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { providerIn } from "../../platform/providers/configured-providers";
import type { Addressee } from "../../security/addressee";
import { holdAccount } from "../../security/hold-account";
import { findKnownBrowser } from "../../security/known-browsers";
import { makeLinkToken } from "../../security/link-tokens";
import { forgetHalfDoneAlert, mayTellOfHalfDone } from "../../security/rate-limits/second-factor-limits";
import {
  findUntoldPending,
  isStillPending,
  noteAlertOf,
  type OpenedPendingLogin,
  type TakenLogin,
} from "../../security/two-factor/pending-logins";
import { findConfirmedOwner, sendHalfDoneAlert } from "../security-alerts";

/**
 * Sees to it that an owner is told of a right first proof from a browser that the account does not know, unless the second proof
 * comes: else a thief who stops before it would go unseen (ASVS v5.0.0-6.3.5). The email leaves when the login has waited too
 * long; one that begins anew in its browser does not put it off. It counts as what it tells of: the password where both were right.
 */
export async function tellOfHalfDone(
  { id: userId, emailCanonical }: Pick<Addressee, "id" | "emailCanonical">,
  { id, how, expiresAt, alertEmailId }: OpenedPendingLogin,
  client: ClientInfo,
): Promise<void> {
  if ((await findKnownBrowser(emailCanonical, client.browserToken)) !== null) return;
  if (alertEmailId !== null && (await findWaitingEmail(alertEmailId, db)) !== null) return;
  const kind = providerIn(how) === null ? "password" : "provider";
  if (!(await mayTellOfHalfDone(userId, kind))) return;
  const telling = db.$transaction(async (tx) => {
    await holdAccount({ id: userId }, tx);
    if (!(await isStillPending({ id, alertEmailId }, tx))) return forgetHalfDoneAlert(userId, tx);
    await noteAlertOf(id, await sendHalfDoneAlert(userId, how, client, expiresAt, tx), tx);
  });
  await telling.catch(async (error: unknown) => {
    await forgetHalfDoneAlert(userId, db); // nobody was told
    throw error;
  });
}

/**
 * Has the email about a login by a provider tell of the password, once that is given in the same browser and waits as well: it
 * asks more of the owner. The transaction holds the account.
 */
export async function tellOfPassword(
  userId: string,
  { how, alertEmailId }: TakenLogin,
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  if (alertEmailId === null || how === "password") return;
  const owner = await findConfirmedOwner(userId, tx);
  const waiting = await findWaitingEmail(alertEmailId, tx);
  if (owner === null || waiting === null) return;
  const { createdAt } = waiting; // what came since is in doubt
  const { emailCanonical } = owner;
  const link = await makeLinkToken("lock-account", { userId, emailCanonical, createdAt }, tx);
  await rewriteEmail(alertEmailId, halfDoneLoginEmail(null, owner, client, link), tx);
}

/** Takes that email back, for the login that has gone on. The transaction holds the account. */
export async function takeHalfDoneBack(userId: string, login: TakenLogin, tx: Tx): Promise<void> {
  const { alertEmailId } = login;
  if (alertEmailId === null || (await leaveAlertToOthers(userId, login, tx))) return;
  await withdrawEmail(alertEmailId, tx);
  await forgetHalfDoneAlert(userId, tx);
}

/**
 * Leaves it to another login of the account that waits and has no email of its own to be told of: one about that takes the place
 * of the email about the login that goes on, or follows it where it has left. It names no time and place, and leaves when the
 * other can wait no more. False: no other waits. The transaction holds the account.
 */
export async function leaveAlertToOthers(
  userId: string,
  { id, alertEmailId }: Pick<TakenLogin, "id" | "alertEmailId">,
  tx: Tx,
): Promise<boolean> {
  const other = alertEmailId === null ? null : await findUntoldPending(userId, id, tx);
  if (alertEmailId === null || other === null) return false;
  const since = (await findWaitingEmail(alertEmailId, tx))?.createdAt ?? other.createdAt;
  const createdAt = since < other.createdAt ? since : other.createdAt; // what came since is in doubt
  await withdrawEmail(alertEmailId, tx);
  await noteAlertOf(id, null, tx);
  const ofOther = await sendHalfDoneAlert(userId, other.how, null, other.expiresAt, tx, createdAt);
  await noteAlertOf(other.id, ofOther, tx);
  return true;
}
