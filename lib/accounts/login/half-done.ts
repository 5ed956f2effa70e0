import "server-only";
import { withdrawEmail } from "../../mail/outbox";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { holdAccount } from "../../security/hold-account";
import { findKnownBrowser } from "../../security/known-browsers";
import { forgetHalfDoneAlert, mayTellOfHalfDone } from "../../security/rate-limits/second-factor-limits";
import {
  isAnyPending,
  isStillPending,
  noteAlertOf,
  type OpenedPendingLogin,
  type PendingLogin,
} from "../../security/two-factor/pending-logins";
import { type Addressee, sendHalfDoneAlert } from "../security-alerts";

/**
 * Sees to it that an owner is told of a right password from a browser that the account does not know, unless the second proof
 * comes: else a thief who stops before it would go unseen (ASVS v5.0.0-6.3.5). The email leaves when the login has waited too
 * long.
 */
export async function tellOfHalfDone(
  owner: Addressee,
  { id, expiresAt }: OpenedPendingLogin,
  client: ClientInfo,
): Promise<void> {
  if ((await findKnownBrowser(owner.emailCanonical, client.browserToken)) !== null) return;
  if (!(await mayTellOfHalfDone(owner.id))) return;
  await db.$transaction(async (tx) => {
    await holdAccount({ id: owner.id }, tx);
    if (!(await isStillPending(id, tx))) return forgetHalfDoneAlert(owner.id, tx);
    await noteAlertOf(id, await sendHalfDoneAlert(owner, client, expiresAt, tx), tx);
  });
}

/**
 * Takes that email back, for the login that has gone on. Not while another one of the account waits: it tells of that one too.
 * The transaction holds the account.
 */
export async function takeHalfDoneBack(
  userId: string,
  { alertEmailId }: Pick<PendingLogin, "alertEmailId">,
  tx: Tx,
): Promise<void> {
  if (alertEmailId === null || (await isAnyPending(userId, tx))) return;
  await withdrawEmail(alertEmailId, tx);
  await forgetHalfDoneAlert(userId, tx);
}
