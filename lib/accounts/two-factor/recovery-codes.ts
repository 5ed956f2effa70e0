import "server-only";
import { recoveryCodesMadeEmail } from "../../mail/emails/two-factor";
import type { ClientInfo } from "../../platform/client-info";
import { db } from "../../platform/db";
import { record } from "../../security/audit";
import { consumeFactorChange } from "../../security/rate-limits/second-factor-limits";
import { replaceRecoveryCodes } from "../../security/two-factor/recovery-codes";
import type { AskingSession } from "../asking-session";
import { type Throttled, throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";
import { findOwner, holdForChange, type NotProven } from "./authenticator";
import { hasSecondFactor } from "./factors";

export type RecoveryCodesOutcome =
  /** To be shown, once. */
  | { ok: true; recoveryCodes: string[] }
  /** The account has no second factor that they could stand in for. */
  | { ok: false; reason: "no-factor" }
  | NotProven
  | Throttled;

/**
 * Makes new recovery codes, which ends the old ones, and tells the owner. For somebody whose proof of who they are is recent,
 * a second factor included: that is for the caller to ask.
 */
export async function makeRecoveryCodes(
  session: AskingSession,
  client: ClientInfo,
): Promise<RecoveryCodesOutcome> {
  const userId = session.user.id;
  if (!(await hasSecondFactor(userId))) return { ok: false, reason: "no-factor" };
  const wait = await consumeFactorChange(userId);
  if (wait !== null) {
    await record("second-factor-change-throttled", { userId }, client);
    return throttled("attempts", wait);
  }
  return db.$transaction(async (tx) => {
    const refusal = await holdForChange(session, tx);
    if (refusal) return refusal;
    if (!(await hasSecondFactor(userId, tx))) return { ok: false, reason: "no-factor" };
    const recoveryCodes = await replaceRecoveryCodes(userId, tx);
    await sendSecurityAlert(await findOwner(userId, tx), recoveryCodesMadeEmail, client, tx);
    await record("recovery-codes-made", { userId }, client, tx);
    return { ok: true, recoveryCodes };
  });
}
