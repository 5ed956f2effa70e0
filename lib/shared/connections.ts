import { HOUR_MS, MINUTE_MS } from "./units";

/** How long a provider's answer is waited for, in milliseconds: a person logs in there meanwhile. */
export const JOURNEY_MS = 10 * MINUTE_MS;

/** How long somebody who has come back without an account may take to choose a username, in milliseconds. */
export const ARRIVAL_MS = 10 * MINUTE_MS;

/**
 * How long a browser for whose account a provider vouches may confirm that account's address without a password, in
 * milliseconds: the email is on its way meanwhile.
 */
export const VOUCHER_MS = HOUR_MS;

/** An identity provider as a page offers it. */
export interface OfferedProvider {
  id: string;
  /** What its button calls it. */
  label: string;
}

/** Of a password that a person is to choose who logs in by a connection, where the account's address was never confirmed. */
export const PASSWORD_ENDS_CONNECTIONS =
  "Your email address was never confirmed, so that password ends your connections, picture and display name: connect again afterwards.";
