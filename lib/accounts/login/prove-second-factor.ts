import "server-only";
import { recoveryCodeUsedEmail, wrongCodesEmail } from "../../mail/emails/two-factor";
import type { ClientInfo } from "../../platform/client-info";
import { db } from "../../platform/db";
import { providerOf } from "../../platform/providers/configured-providers";
import type { Addressee } from "../../security/addressee";
import { record } from "../../security/audit";
import { holdAccount } from "../../security/hold-account";
import { findKnownBrowser } from "../../security/known-browsers";
import {
  consumeSecondFactor,
  mayTellOfWrongCodes,
  type SecondFactorKind,
} from "../../security/rate-limits/second-factor-limits";
import { acceptCode } from "../../security/two-factor/authenticators";
import { findRecoveryCodes, spendRecoveryCode } from "../../security/two-factor/recovery-codes";
import { type Throttled, throttled } from "../outcomes";
import { sendSecurityAlert } from "../security-alerts";
import type { SecondFactor } from "./admit";

/** What somebody shows as a second factor: a code of their app, or a recovery code in its plain form. */
export type SecondFactorInput = { code: string } | { recoveryCode: string };

export type SecondFactorProof =
  | { ok: true; secondFactor: SecondFactor }
  /** It does not fit, or was used before; which of them is not told. */
  | { ok: false; reason: "wrong-code" }
  | Throttled;

/**
 * Finds out whether somebody has a second factor of an account. Only for a person who has just shown the first: wrong ones
 * make the account wait. A code is accepted once, and a recovery code is gone (ASVS v5.0.0-6.5.1).
 * @param first what the first one was
 */
export async function proveSecondFactor(
  owner: Addressee,
  input: SecondFactorInput,
  client: ClientInfo,
  first = "password",
): Promise<SecondFactorProof> {
  const { id: userId } = owner;
  const kind: SecondFactorKind = "code" in input ? "code" : "recovery-code";
  const browserId = await findKnownBrowser(owner.emailCanonical, client.browserToken);
  const attempt = await consumeSecondFactor(kind, userId, browserId);
  if (!attempt.ok) {
    await record("second-factor-throttled", { userId }, client);
    return throttled("attempts", attempt.retryAfterSeconds);
  }
  const isRight =
    "code" in input ? await acceptCode(userId, input.code) : await redeem(owner, input.recoveryCode, client);
  if (isRight) {
    await attempt.succeed();
    return { ok: true, secondFactor: kind };
  }
  await record("second-factor-failed", { userId }, client);
  if (await mayTellOfWrongCodes(kind, userId, browserId))
    await db.$transaction(async (tx) => {
      await holdAccount({ id: userId }, tx);
      await sendSecurityAlert(userId, wrongCodesEmail(providerOf(first)), client, tx);
    });
  return { ok: false, reason: "wrong-code" };
}

/** Tells the owner of each that is used, and how many are left. */
async function redeem(owner: Addressee, code: string, client: ClientInfo): Promise<boolean> {
  const { id: userId } = owner;
  return db.$transaction(async (tx) => {
    await holdAccount({ id: userId }, tx);
    if (!(await spendRecoveryCode(userId, code, tx))) return false;
    const left = (await findRecoveryCodes(userId, tx))?.left ?? 0;
    await record("recovery-code-used", { userId }, client, tx);
    await sendSecurityAlert(userId, recoveryCodeUsedEmail(left), client, tx);
    return true;
  });
}
