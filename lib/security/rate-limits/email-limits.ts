import "server-only";
import type { ClientInfo } from "../../platform/client-info";
import {
  CODE_LIMITS,
  CORRECTION_LIMITS,
  EMAIL_LIMITS,
  MOVE_LIMITS,
  REGISTRATION_LIMITS,
} from "../../shared/limits";
import type { Attempt } from "./attempt";
import { consumeAll, digest, type Limit, makeNetworkWindow } from "./limit";
import { makeWindow } from "./window";

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

export const correctionsOfAccount = makeWindow(
  "correction-account",
  CORRECTION_LIMITS.perAccount,
  CORRECTION_LIMITS.windowSeconds,
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
