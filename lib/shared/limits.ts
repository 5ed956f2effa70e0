/**
 * Every limit on how often something may be tried, in one place; `.github/SECURITY.md` quotes these numbers and the tests
 * of `rate-limit.ts` drive each to its end and one further. A "network" is an IPv4 address or an IPv6 /64.
 */

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

export const LOGIN_LIMITS = {
  /** Failures for one account from one network, or from one known browser, before either has to wait. */
  failuresBeforeWait: 5,
  /** The first wait, in seconds. Each further failure doubles it. */
  firstWaitSeconds: 30,
  /** The longest wait, in seconds. */
  longestWaitSeconds: 15 * MINUTE_S,
  /** Failures that bring a wait are forgotten when none has followed for so long, in seconds. */
  forgottenAfterSeconds: DAY_S,

  /** Failures of one network over all accounts in {@link networkWindowSeconds}; known browsers are not counted. */
  failuresPerNetwork: 30,
  networkWindowSeconds: 5 * MINUTE_S,

  /**
   * Failures in a row that shut an account to browsers it does not know, and a known browser's privilege
   * (NIST SP 800-63B-4 §3.2.2 asks for at most 100). A login, a new password or the operator opens it again.
   */
  failuresInARow: 100,
  /** What someone before a shut account is told to wait, in seconds; nothing opens by itself then. */
  shutRetrySeconds: DAY_S,
  /**
   * Below {@link failuresInARow}, an account's row is dropped after so long without a failure, in seconds: rows stand
   * for mistyped addresses too, and those no login will ever clear.
   */
  rowKeptSeconds: 90 * DAY_S,
} as const;

/** Registrations from one network, those refused because a name is taken included: the answer tells that it is. */
export const REGISTRATION_LIMITS = {
  perHour: 10,
  hourSeconds: HOUR_S,
  perDay: 30,
  daySeconds: DAY_S,
} as const;

/**
 * Letters that anybody can have sent by typing an address. Few enough to be no nuisance to whoever has it; the last one's
 * link still works for an owner whom a stranger keeps from asking for another.
 */
export const LETTER_LIMITS = {
  perAddress: 5,
  perNetwork: 15,
  windowSeconds: HOUR_S,
} as const;

/**
 * Forms of one network in {@link windowSeconds}; the rest is refused unread. Browsers that have logged in here before have
 * as many again, each by itself, and all of a network together `formsOfKnownBrowsers`. Far more than people send, and
 * fewer than wait to be hashed, so that no network fills that queue alone. It guards no account and keeps the server free
 * for everyone else: each process counts for itself, in memory.
 */
export const BURST_LIMITS = { forms: 50, formsOfKnownBrowsers: 200, windowSeconds: 10 } as const;

/** How long a browser stays known to an account after its last login there, in days. */
export const DEVICE_LIFETIME_DAYS = 180;

/** Accounts one browser is known to; the one logged in to longest ago makes room. */
export const DEVICE_ACCOUNTS_MAX = 5;
