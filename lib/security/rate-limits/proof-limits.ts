import "server-only";
import type { Tx } from "../../platform/db";
import { LOGIN_LIMITS, WRONG_CODE_ALERT_LIMITS } from "../../shared/limits";
import { consumeAll } from "./limit";
import { makeWindow } from "./window";

// Passkeys and providers are counted as right passwords are: each right answer is written down, and nobody guesses one.

const passkeysOfAccount = makeWindow(
  "passkey",
  LOGIN_LIMITS.loginsPerAccount,
  LOGIN_LIMITS.loginWindowSeconds,
);

const providerLoginsOfAccount = makeWindow(
  "provider-login",
  LOGIN_LIMITS.loginsPerAccount,
  LOGIN_LIMITS.loginWindowSeconds,
);

const copyAlertsOfAccount = makeWindow(
  "passkey-copy-alert",
  WRONG_CODE_ALERT_LIMITS.perAccount,
  WRONG_CODE_ALERT_LIMITS.windowSeconds,
);

/**
 * Counts one right answer of an account's passkeys.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumePasskey(userId: string): Promise<number | null> {
  return consumeAll([{ window: passkeysOfAccount, key: userId }]);
}

/** The same of an account's logins with a provider. */
export async function consumeProviderLogin(userId: string): Promise<number | null> {
  return consumeAll([{ window: providerLoginsOfAccount, key: userId }]);
}

/** Begins to count both anew. */
export async function forgetProofs(userId: string, tx: Tx): Promise<void> {
  await passkeysOfAccount.forget(userId, tx);
  await providerLoginsOfAccount.forget(userId, tx);
}

/** True where the owner is to be told that a passkey was copied, which counts as told. Once a day. */
export async function mayTellOfCopy(userId: string): Promise<boolean> {
  return (await copyAlertsOfAccount.consume(userId)).ok;
}

/** Begins anew to tell of that. */
export async function forgetCopyAlert(userId: string, tx: Tx): Promise<void> {
  await copyAlertsOfAccount.forget(userId, tx);
}
