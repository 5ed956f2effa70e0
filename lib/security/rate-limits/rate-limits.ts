import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import { db, type Tx } from "../../platform/db";
import { atOnce, inBatches, type Pace } from "../../platform/db/in-batches";
import {
  CHANGE_ALERT_LIMITS,
  CODE_LIMITS,
  CORRECTION_LIMITS,
  DELETION_LIMITS,
  EMAIL_LIMITS,
  EXPORT_LIMITS,
  KEPT_FORM_LIMITS,
  LOGIN_ALERT_LIMITS,
  MOVE_LIMITS,
  PASSWORD_CHANGE_LIMITS,
  PICTURE_LIMITS,
  PROVIDER_LIMITS,
  REGISTRATION_LIMITS,
  USERNAME_ALERT_LIMITS,
  USERNAME_GUESS_LIMITS,
} from "../../shared/limits";
import type { Attempt } from "./attempt";
import { consumeAll, digest, type Limit, longestWait, makeNetworkWindow } from "./limit";
import { purgeFailures } from "./login-limits";
import { forgetFactorChanges } from "./second-factor-limits";
import { makeWindow } from "./window";

// All counts are in the app's own database, which every process and instance shares. When it does not answer, the error
// is thrown on and no attempt goes uncounted.
//
// A client without an address has no network, and the limits per network do not apply to it. Counted together, such clients
// would be one for the whole site, and any of them could use that count up for all others. What still holds for them are a
// short wait at each account, the counts per email address, and the queue for hashing.

const registrationsAnHour = makeNetworkWindow(
  "register-hour",
  REGISTRATION_LIMITS.perHour,
  REGISTRATION_LIMITS.hourSeconds,
);
const registrationsADay = makeNetworkWindow(
  "register-day",
  REGISTRATION_LIMITS.perDay,
  REGISTRATION_LIMITS.daySeconds,
);
const emailsOfNetwork = makeNetworkWindow(
  "email-network",
  EMAIL_LIMITS.perNetwork,
  EMAIL_LIMITS.windowSeconds,
);
const emailsToAddress = makeWindow("email-address", EMAIL_LIMITS.perAddress, EMAIL_LIMITS.windowSeconds);
// Apart from those that anybody can ask for: else a stranger who does keeps an address from being registered or moved to, or
// one who moves there keeps it from being registered.
const emailsToNewcomer = makeWindow("email-newcomer", EMAIL_LIMITS.perAddress, EMAIL_LIMITS.windowSeconds);
const emailsOfMoves = makeWindow("email-move", EMAIL_LIMITS.perAddress, EMAIL_LIMITS.windowSeconds);
const emailsOfCorrections = makeWindow(
  "email-correction",
  EMAIL_LIMITS.perAddress,
  EMAIL_LIMITS.windowSeconds,
);
const movesOfAccountTo = makeWindow("move-to", MOVE_LIMITS.perAccountAndAddress, MOVE_LIMITS.windowSeconds);
const correctionsOfAccount = makeWindow(
  "correction-account",
  CORRECTION_LIMITS.perAccount,
  CORRECTION_LIMITS.windowSeconds,
);
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
const keptFormsOfAccount = makeWindow(
  "kept-form-account",
  KEPT_FORM_LIMITS.perAccount,
  KEPT_FORM_LIMITS.windowSeconds,
);
const keptFormsOfNetwork = makeNetworkWindow(
  "kept-form-network",
  KEPT_FORM_LIMITS.perNetwork,
  KEPT_FORM_LIMITS.windowSeconds,
);
const loginAlertsOfNetwork = makeNetworkWindow(
  "login-alert-network",
  LOGIN_ALERT_LIMITS.perNetwork,
  LOGIN_ALERT_LIMITS.windowSeconds,
);
const loginAlertsOfSite = makeWindow(
  "login-alert-site",
  LOGIN_ALERT_LIMITS.perSite,
  LOGIN_ALERT_LIMITS.windowSeconds,
);
const providerJourneysOfNetwork = makeNetworkWindow(
  "provider-network",
  PROVIDER_LIMITS.perNetwork,
  PROVIDER_LIMITS.windowSeconds,
);
const providerJourneysOfBrowser = makeWindow(
  "provider-browser",
  PROVIDER_LIMITS.perKnownBrowser,
  PROVIDER_LIMITS.windowSeconds,
);
const codesOfNetwork = makeNetworkWindow("code-network", CODE_LIMITS.perNetwork, CODE_LIMITS.windowSeconds);
const codesForAddress = makeWindow("code-address", CODE_LIMITS.perAddress, CODE_LIMITS.windowSeconds);
const codesForAddressADay = makeWindow("code-address-day", CODE_LIMITS.perAddressDay, CODE_LIMITS.daySeconds);

/**
 * Counts one registration; every one that passed validation counts, also when a name turns out to be taken, since that
 * answer tells who has an account.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeRegistration(client: Pick<ClientInfo, "ip">): Promise<number | null> {
  return consumeAll([...registrationsAnHour(client), ...registrationsADay(client)]);
}

/**
 * How long a registration has to wait for the emails that its address has had of others, in seconds; 0: it may go on. Changes
 * nothing: of any number at once one makes the account and counts its email.
 */
export function findRegistrationEmailWait(emailCanonical: string): Promise<number> {
  return emailsToNewcomer.retryAfterSeconds(digest(emailCanonical));
}

/**
 * Counts one email that a registration has sent, also as one that was asked for. Only where one went out: else the emails of
 * an owner could be used up by registering their address again and again, without one reaching them.
 */
export async function countRegistrationEmail(emailCanonical: string): Promise<void> {
  for (const window of [emailsToNewcomer, emailsToAddress]) await window.consume(digest(emailCanonical));
}

/**
 * Counts one email to an address never confirmed that its account has left, with those of registrations: to register an
 * address and leave it again must not send its owner emails without end. It refuses none: each follows an account that got
 * the address, of which there are few.
 */
export async function countFarewell(emailCanonical: string): Promise<void> {
  await emailsToNewcomer.consume(digest(emailCanonical));
}

/**
 * Counts one email that a visitor wants sent to an address they typed, whether or not an account has it.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeEmail(
  emailCanonical: string,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  return consumeAll([...emailsOfNetwork(client), { window: emailsToAddress, key: digest(emailCanonical) }]);
}

/**
 * Counts one correction of an account's address, whether or not another account has the new one: as a registration too,
 * which tells the same, and as an email to it. Emails to it refuse more: without one the account could not be used, and a
 * stranger who gets an address in this way keeps it from others anyway.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeCorrection(
  userId: string,
  emailCanonical: string,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  return consumeAll([
    { window: correctionsOfAccount, key: userId },
    ...registrationsAnHour(client),
    ...registrationsADay(client),
    ...emailsOfNetwork(client),
    moveOf(userId, emailCanonical),
    { window: emailsOfCorrections, key: digest(emailCanonical) },
  ]);
}

/**
 * Counts one change of an account's address that is asked for, whether or not another account has the new one. What other
 * accounts have asked for refuses none, nor how often this one has asked for others: that may have been a thief.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeEmailChange(
  userId: string,
  emailCanonical: string,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  return consumeAll([...emailsOfNetwork(client), moveOf(userId, emailCanonical)]);
}

function moveOf(userId: string, emailCanonical: string): Limit {
  return { window: movesOfAccountTo, key: digest(`${userId} ${emailCanonical}`) };
}

/** Counts one email to an address that an account is to move to. Above the limit none goes there, whoever asks. */
export function consumeMoveEmail(emailCanonical: string): Promise<Attempt> {
  return emailsOfMoves.consume(digest(emailCanonical));
}

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

/**
 * Counts one form that is kept while its person logs in again.
 * @param reader names the account, as its pages do
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeKeptForm(
  reader: string,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  return consumeAll([...keptFormsOfNetwork(client), { window: keptFormsOfAccount, key: digest(reader) }]);
}

/** The one key of a window that counts for the whole site. */
const SITE = "all";

/** True while an email about a login of this client may leave at once. Changes nothing. */
export async function mayCauseLoginAlert(client: Pick<ClientInfo, "ip">): Promise<boolean> {
  return (await longestWait(loginAlertLimits(client))) === 0;
}

/** Counts one email that a login caused. */
export async function countLoginAlert(client: Pick<ClientInfo, "ip">): Promise<void> {
  await consumeAll(loginAlertLimits(client));
}

function loginAlertLimits(client: Pick<ClientInfo, "ip">): Limit[] {
  return [...loginAlertsOfNetwork(client), { window: loginAlertsOfSite, key: SITE }];
}

/**
 * Counts one code that a visitor typed for an address, whether or not an account has it.
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeCode(
  emailCanonical: string,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  const key = digest(emailCanonical);
  return consumeAll([
    ...codesOfNetwork(client),
    { window: codesForAddress, key },
    { window: codesForAddressADay, key },
  ]);
}

/**
 * Counts one visitor who is sent to a provider: a known browser by itself, so that strangers of its network do not make it wait.
 * @param browserId from `findBrowserOfAnyone`
 * @returns null: go on; otherwise how long to wait, in seconds
 */
export async function consumeProviderJourney(
  browserId: string | null,
  client: Pick<ClientInfo, "ip">,
): Promise<number | null> {
  return consumeAll(
    browserId === null
      ? providerJourneysOfNetwork(client)
      : [{ window: providerJourneysOfBrowser, key: browserId }],
  );
}

/** Deletes what no longer counts. To call it more often than the clean-up does no harm. Answers how many counts. */
export async function purgeRateLimits(pace: Pace = atOnce): Promise<number> {
  const where = { expire: { lt: new Date() } };
  const windows = await inBatches((limit) => db.rateLimit.deleteMany({ where, limit }), pace);
  return windows + (await purgeFailures(pace));
}
