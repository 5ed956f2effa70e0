import "server-only";
import { recoveryCodesMadeEmail } from "../../mail/emails/two-factor";
import type { ClientInfo } from "../../platform/client-info";
import { record } from "../../security/audit";
import { replaceRecoveryCodes } from "../../security/two-factor/recovery-codes";
import type { AskingSession } from "../asking-session";
import { changeFactors, type NotProven } from "../factor-change";
import { hasSecondFactor } from "../factors";
import type { Throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";

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
  return changeFactors<RecoveryCodesOutcome>(session, client, async (tx) => {
    if (!(await hasSecondFactor(userId, tx))) return { ok: false, reason: "no-factor" };
    const recoveryCodes = await replaceRecoveryCodes(userId, tx);
    await sendSecurityAlert(userId, recoveryCodesMadeEmail, client, tx);
    await record("recovery-codes-made", { userId }, client, tx);
    return { ok: true, recoveryCodes };
  });
}
