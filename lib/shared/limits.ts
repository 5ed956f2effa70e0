import { DAY_S, HOUR_S, MINUTE_S } from "./units";

/**
 * Every limit on how often something may be tried, in one place; `.github/SECURITY.md` quotes these numbers and
 * `rate-limits.db.test.ts` drives each to its end and one further. A "network" is an IPv4 address or an IPv6 /64; its /56
 * may have four times and its /48 sixteen times as much, unless a limit says otherwise.
 */

export const LOGIN_LIMITS = {
  /** Failures for one account from one network, or from one known browser, before either has to wait. */
  failuresBeforeWait: 5,
  /** The first wait, in seconds. Each further failure doubles it. */
  firstWaitSeconds: 30,
  /** The longest wait, in seconds. */
  longestWaitSeconds: 15 * MINUTE_S,
  /**
   * The longest wait for a client whose network is unknown, in seconds. All such clients share it at an account, so it is
   * short, and no number of their failures shuts the account: no client keeps an owner out for good.
   */
  longestWaitUnknownSeconds: 30,
  /** Failures that bring a wait are forgotten when none has followed for so long, in seconds. */
  forgottenAfterSeconds: DAY_S,

  /** Failures of one network over all accounts in {@link networkWindowSeconds}; known browsers are not counted. */
  failuresPerNetwork: 30,
  networkWindowSeconds: 5 * MINUTE_S,

  /**
   * Failures in a row, from known networks, that shut an account to browsers it does not know there, and that end a known
   * browser's privilege (NIST SP 800-63B-4 §3.2.2 asks for at most 100). A login, a new password or the operator ends this.
   */
  failuresInARow: 100,
  /** Failures in a row that shut it to one network, of IPv6 a /48: so no network shuts it to all others. */
  failuresInARowOfNetwork: 20,
  /**
   * One failure in a row is forgotten for each time this long without another, in seconds, the longest wait that NIST names:
   * what is shut opens by itself, for one attempt an hour while strangers go on.
   */
  fadesAfterSeconds: HOUR_S,

  /**
   * Right passwords in {@link loginWindowSeconds}, and of known browsers all: comparing one takes as long as comparing a wrong
   * one. An office behind one address logs in a few hundred people.
   */
  loginsPerNetwork: 300,
  loginsPerAccount: 60,
  loginWindowSeconds: 5 * MINUTE_S,
  /** For its first so many logins a known browser does not wait for what its network has had. */
  firstLogins: 3,
} as const;

/**
 * Wrong codes and recovery codes at one account, counted apart, and apart from browsers that it does not know in each that it
 * does. The first wait comes as after wrong passwords and doubles like theirs. It ends at an hour, the longest that NIST SP
 * 800-63B-4 §3.2.2 names: who knows the password gets 24 guesses a day at three codes in a million.
 */
export const SECOND_FACTOR_LIMITS = {
  failuresBeforeWait: LOGIN_LIMITS.failuresBeforeWait,
  longestWaitSeconds: HOUR_S,
  /** So many wrong ones behind a right password are told to the owner. */
  failuresBeforeAlert: LOGIN_LIMITS.failuresBeforeWait,
} as const;

/** Emails about wrong codes: the first says all there is to know. */
export const WRONG_CODE_ALERT_LIMITS = { perAccount: 1, windowSeconds: DAY_S } as const;

/** Emails about a right first proof behind which no second one came: one an hour of each kind, as of logins from new devices. */
export const HALF_DONE_ALERT_LIMITS = { perAccount: 1, windowSeconds: HOUR_S } as const;

/** Changes of the second factors of one account: each tells its owner. */
export const FACTOR_CHANGE_LIMITS = { perAccount: 20, windowSeconds: DAY_S } as const;

/**
 * Logins with a provider that one network begins: each asks the provider something, and it may take seconds. Those that
 * end in an account count there as right passwords do.
 */
export const PROVIDER_LIMITS = {
  /** As right passwords: an office behind one address has a few hundred people. */
  perNetwork: LOGIN_LIMITS.loginsPerNetwork,
  /** A browser that has logged in here does not wait for what its network has had. */
  perKnownBrowser: LOGIN_LIMITS.loginsPerAccount,
  windowSeconds: LOGIN_LIMITS.loginWindowSeconds,
} as const;

/** Registrations from one network, those refused because a name is taken included: the answer tells that it is. */
export const REGISTRATION_LIMITS = {
  perHour: 10,
  hourSeconds: HOUR_S,
  perDay: 30,
  daySeconds: DAY_S,
} as const;

/**
 * Emails that anyone can have sent by typing an address: few enough to be no nuisance to its owner. `perAddress` is counted
 * four times: what is asked for with the address alone, registrations, accounts that are to move to it, and those that were
 * corrected to it.
 */
export const EMAIL_LIMITS = {
  perAddress: 5,
  perNetwork: 15,
  windowSeconds: HOUR_S,
} as const;

/**
 * Corrections of an address that is not confirmed yet. They count as registrations and as emails too: the answer tells
 * whether an address is taken, and an email goes there.
 */
export const CORRECTION_LIMITS = { perAccount: 5, windowSeconds: DAY_S } as const;

/**
 * Alerts to an owner that another address was asked for. Those above it are left out, and the change goes on: were changes
 * limited, a thief would use them up and keep the owner from giving the account an address again.
 */
export const CHANGE_ALERT_LIMITS = { perAccount: 5, windowSeconds: DAY_S } as const;

/** How often one account may ask for one address: less than an address gets, so that no account takes all of it. */
export const MOVE_LIMITS = { perAccountAndAddress: 2, windowSeconds: HOUR_S } as const;

/**
 * Passwords that an account gets from someone logged in: each costs a hash and tells its owner,
 * as the above, or is looked up among breaches.
 */
export const PASSWORD_CHANGE_LIMITS = { perAccount: 10, windowSeconds: DAY_S } as const;

/** Wishes to have an account deleted: each tells its owner, and can be taken back. */
export const DELETION_LIMITS = { perAccount: 5, windowSeconds: DAY_S } as const;

/** Copies of all that is kept about a person: each reads every table. */
export const EXPORT_LIMITS = { perAccount: 10, windowSeconds: HOUR_S } as const;

/** How long a username that was given up is kept for its account, in days. */
export const USERNAME_RESERVED_DAYS = 30;

/**
 * Names new to one account in {@link USERNAME_RESERVED_DAYS}: people know an account by its name, and each keeps one from all
 * others. To take a former name back counts for nothing, however often: else a thief would use up what the owner needs.
 */
export const USERNAME_LIMITS = { newNames: 2 } as const;

/**
 * Usernames that an account asks for and that are taken, which the answer tells. To take a
 * former name back counts for nothing.
 */
export const USERNAME_GUESS_LIMITS = { perAccount: 10, windowSeconds: HOUR_S } as const;

/** Alerts to an owner that the username was changed. Those above it are left out, and the change goes on. */
export const USERNAME_ALERT_LIMITS = { perAccount: 5, windowSeconds: DAY_S } as const;

/** Longest display name in characters (code points). */
export const DISPLAY_NAME_MAX = 50;

/** Largest picture accepted, in bytes, and in words. */
export const PICTURE_MAX_BYTES = 5 * 1024 * 1024;
export const PICTURE_MAX_IN_WORDS = "5 MB";

/** How long the form with one may take to arrive, in seconds: 5 MB over a slow telephone. */
export const PICTURE_ARRIVAL_S = 2 * MINUTE_S;

/** Most millions of pixels in one: what phones and cameras make by default has fewer. */
export const PICTURE_MEGAPIXELS = 25;

/**
 * Pictures at one moment, each of which may be in memory as a whole: of one account, where a button is pressed twice, and on
 * their way, in each process; and those that have arrived and wait to be worked on, on a machine.
 */
export const PICTURES_AT_ONCE = { ofAccount: 2, onTheirWay: 16, waiting: 16 } as const;

/** Pictures that an account sends, refused ones included: each is decoded, which takes up to a few seconds. */
export const PICTURE_LIMITS = { perAccount: 20, windowSeconds: HOUR_S } as const;

/**
 * Emails about logins from new devices, which any login can cause. An account gets one in a window: logins in the rest of it
 * are told of together, when it is over. Those above the other two limits leave a window later, and none is left out.
 */
export const LOGIN_ALERT_LIMITS = {
  perNetwork: 60,
  perSite: 2_000,
  windowSeconds: HOUR_S,
} as const;

/**
 * Codes that are typed in place of an emailed link. Each code works for a few tries only; this keeps anybody from trying at
 * many accounts, or at one account's next codes.
 */
export const CODE_LIMITS = {
  perAddress: 20,
  perAddressDay: 60,
  perNetwork: 60,
  windowSeconds: HOUR_S,
  daySeconds: DAY_S,
} as const;

/**
 * Forms of one network in {@link windowSeconds}; the rest is refused unread. Of browsers that have logged in here before,
 * each may then send `formsOfBrowser` more, and all of a network together `formsOfKnownBrowsers`. Far more than people send.
 * Around an IPv6 /64 the /56 may send twice and the /48 four times as many, and all networks together `formsOfAll`, which is
 * more than a process can answer. It guards no account and keeps the server free for everyone else: it is counted in memory,
 * once for the processes of one machine, in their primary.
 */
export const BURST_LIMITS = {
  forms: 50,
  formsOfBrowser: 20,
  formsOfKnownBrowsers: 50,
  formsOfAll: 2_000,
  windowSeconds: 10,
} as const;

/** How long an account can be kept after its owner has asked to have it deleted, in days. */
export const DELETION_DAYS = 14;

/**
 * Forms of one account that are kept while their person logs in again, and those of one network: an office whose sessions all
 * end at once. One above that is not kept.
 */
export const KEPT_FORM_LIMITS = { perAccount: 20, perNetwork: 200, windowSeconds: HOUR_S } as const;

/** How long such a form is kept, in seconds. */
export const KEPT_FORM_S = 30 * MINUTE_S;

/** The longest such form, in bytes of JSON. */
export const KEPT_FORM_MAX_BYTES = 32 * 1024;

/** Such forms of one browser; the oldest makes room. */
export const KEPT_FORMS_MAX = 5;

/** Live sessions of one account; the one unused longest makes room. */
export const SESSIONS_MAX = 20;

/** Rows that one kind of event adds to an account's history in a day (UTC); the log has them all. */
export const HISTORY_ROWS_PER_DAY = 100;

/** Of these, rows that one network adds of what is told as one entry: one stranger must not use up what tells of another. */
export const HISTORY_ROWS_PER_NETWORK = 20;

/** How long a browser stays known to an account after its last login there, in days. */
export const KNOWN_BROWSER_DAYS = 180;

/** Browsers known to one account; the one unused longest makes room. */
export const KNOWN_BROWSERS_MAX = 20;
