import "server-only";
import { halfDoneLoginEmail } from "../../mail/emails/two-factor";
import { findWaitingEmail, rewriteEmail, withdrawEmail } from "../../mail/outbox";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { providerOf } from "../../platform/providers/configured-providers";
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
import { sendHalfDoneAlert } from "../security-alerts";

/**
 * Sees to it that an owner is told of a right first proof from a browser that the account does not know, unless the second proof
 * comes: else a thief who stops before it would go unseen (ASVS v5.0.0-6.3.5). The email leaves when the login has waited too
 * long; one that begins anew in its browser does not put it off.
 */
export async function tellOfHalfDone(
  owner: Addressee,
  { id, how, expiresAt, alertEmailId }: OpenedPendingLogin,
  client: ClientInfo,
): Promise<void> {
  if ((await findKnownBrowser(owner.emailCanonical, client.browserToken)) !== null) return;
  if (alertEmailId !== null && (await findWaitingEmail(alertEmailId, db)) !== null) return;
  if (!(await mayTellOfHalfDone(owner.id, how === "password" ? how : "provider"))) return;
  const telling = db.$transaction(async (tx) => {
    await holdAccount({ id: owner.id }, tx);
    if (!(await isStillPending(id, tx))) return forgetHalfDoneAlert(owner.id, tx);
    await noteAlertOf(id, await sendHalfDoneAlert(owner, how, client, expiresAt, tx), tx);
  });
  await telling.catch(async (error: unknown) => {
    await forgetHalfDoneAlert(owner.id, db); // nobody was told
    throw error;
  });
}

/**
 * Has the email about a login by a provider tell of the password, once that is given in the same browser and waits as well: it
 * asks more of the owner. The transaction holds the account.
 */
export async function tellOfPassword(
  { id: userId, username, email, emailCanonical }: Addressee,
  { how, alertEmailId }: TakenLogin,
  client: ClientInfo,
  tx: Tx,
): Promise<void> {
  const waiting =
    alertEmailId === null || how === "password" ? null : await findWaitingEmail(alertEmailId, tx);
  if (alertEmailId === null || waiting === null) return;
  const { createdAt } = waiting; // what came since is in doubt
  const link = await makeLinkToken("lock-account", { userId, emailCanonical, createdAt }, tx);
  await rewriteEmail(alertEmailId, halfDoneLoginEmail(null, { email, username }, client, link), tx);
}

/** Takes that email back, for the login that has gone on. The transaction holds the account. */
export async function takeHalfDoneBack(owner: Addressee, login: TakenLogin, tx: Tx): Promise<void> {
  const { alertEmailId } = login;
  if (alertEmailId === null || (await leaveAlertToOthers(owner, login, tx))) return;
  await withdrawEmail(alertEmailId, tx);
  await forgetHalfDoneAlert(owner.id, tx);
}

/**
 * Leaves the email about a login that goes on to another one of the account that waits and has none of its own: from now on it
 * names no time and place, which were those of the one that goes on, and the other's first proof. False: no other does. The
 * transaction holds the account.
 */
export async function leaveAlertToOthers(
  { id: userId, username, email, emailCanonical }: Addressee,
  { id, alertEmailId }: Pick<TakenLogin, "id" | "alertEmailId">,
  tx: Tx,
): Promise<boolean> {
  const other = alertEmailId === null ? null : await findUntoldPending(userId, id, tx);
  if (alertEmailId === null || other === null) return false;
  const waiting = await findWaitingEmail(alertEmailId, tx);
  if (waiting) {
    const { createdAt } = waiting; // what came since is in doubt
    const link = await makeLinkToken("lock-account", { userId, emailCanonical, createdAt }, tx);
    const alert = halfDoneLoginEmail(providerOf(other.how), { email, username }, null, link);
    await rewriteEmail(alertEmailId, alert, tx);
  }
  await noteAlertOf(id, null, tx);
  await noteAlertOf(other.id, alertEmailId, tx);
  return true;
}
