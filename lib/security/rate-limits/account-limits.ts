import "server-only";
import type { Tx } from "../../platform/db";
import {
  CHANGE_ALERT_LIMITS,
  DELETION_LIMITS,
  EXPORT_LIMITS,
  PASSWORD_CHANGE_LIMITS,
  PICTURE_LIMITS,
  USERNAME_ALERT_LIMITS,
  USERNAME_GUESS_LIMITS,
} from "../../shared/limits";
import type { Attempt } from "./attempt";
import { correctionsOfAccount } from "./email-limits";
import { consumeAll } from "./limit";
import { forgetCopyAlert, forgetProofs } from "./proof-limits";
import { forgetFactorChanges } from "./second-factor-limits";
import { makeWindow } from "./window";

const changeAlertsOfAccount = makeWindow(
  "change-alert",
  CHANGE_ALERT_LIMITS.perAccount,
  CHANGE_ALERT_LIMITS.windowSeconds,
);

const usernameAlertsOfAccount = makeWindow(
  "username-alert",
  USERNAME_ALERT_LIMITS.perAccount,
  USERNAME_ALERT_LIMITS.windowSeconds,
);

const usernameGuessesOfAccount = makeWindow(
  "username-guess",
  USERNAME_GUESS_LIMITS.perAccount,
  USERNAME_GUESS_LIMITS.windowSeconds,
);

const passwordChangesOfAccount = makeWindow(
  "password-change-account",
  PASSWORD_CHANGE_LIMITS.perAccount,
  PASSWORD_CHANGE_LIMITS.windowSeconds,
);

const deletionsOfAccount = makeWindow(
  "deletion-account",
  DELETION_LIMITS.perAccount,
  DELETION_LIMITS.windowSeconds,
);

const exportsOfAccount = makeWindow("export-account", EXPORT_LIMITS.perAccount, EXPORT_LIMITS.windowSeconds);

const picturesOfAccount = makeWindow(
  "picture-account",
  PICTURE_LIMITS.perAccount,
  PICTURE_LIMITS.windowSeconds,
);

/** Counts one alert that another address was asked for. To be refunded when none was sent. */
export function consumeChangeAlert(userId: string): Promise<Attempt> {
  return changeAlertsOfAccount.consume(userId);
}

/** Counts one alert that the username was changed. To be refunded when none was sent. */
export function consumeUsernameAlert(userId: string): Promise<Attempt> {
  return usernameAlertsOfAccount.consume(userId);
}

/** Counts one username that an account asks for and another one has. To be refunded when it was free. */
export function consumeUsernameGuess(userId: string): Promise<Attempt> {
  return usernameGuessesOfAccount.consume(userId);
}

/** Begins to count an account's changes and those alerts anew: the ones before were of somebody who is kept out now. */
export async function forgetChanges(userId: string, tx: Tx): Promise<void> {
  await changeAlertsOfAccount.forget(userId, tx);
  await usernameAlertsOfAccount.forget(userId, tx);
  await passwordChangesOfAccount.forget(userId, tx);
  await deletionsOfAccount.forget(userId, tx);
  await forgetFactorChanges(userId, tx);
  await forgetProofs(userId, tx);
  await forgetCopyAlert(userId, tx);
}

/** Forgets whatever is counted of an account that is erased. */
export async function forgetCounts(userId: string, tx: Tx): Promise<void> {
  await forgetChanges(userId, tx);
  for (const window of [correctionsOfAccount, usernameGuessesOfAccount, exportsOfAccount, picturesOfAccount])
    await window.forget(userId, tx);
}

/**
 * Counts one change of an account's password by somebody who knew the former one.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumePasswordChange(userId: string): Promise<number | null> {
  return consumeAll([{ window: passwordChangesOfAccount, key: userId }]);
}

/**
 * Counts one wish of an account's owner to have it deleted.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeDeletion(userId: string): Promise<number | null> {
  return consumeAll([{ window: deletionsOfAccount, key: userId }]);
}

/**
 * Counts one copy of what is kept about a person.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeExport(userId: string): Promise<number | null> {
  return consumeAll([{ window: exportsOfAccount, key: userId }]);
}

/**
 * Counts one picture that an account sends, whether or not it can be read.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumePicture(userId: string): Promise<number | null> {
  return consumeAll([{ window: picturesOfAccount, key: userId }]);
}
