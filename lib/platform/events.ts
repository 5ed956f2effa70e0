/** Every event that has a line, with its level. A closed list: filters and alarms depend on it. */
export const EVENTS = {
  /** Someone made an account. */
  registered: "info",
  /** A registration was refused: too many from that network, or emails to that address. */
  "registration-throttled": "warn",
  /** Someone who knew the password gave an account that is not confirmed yet another address, to be confirmed. */
  "email-corrected": "info",
  /** Such a correction was refused: too many of that account, to that address or from that network. */
  "email-correction-throttled": "warn",
  /** An account was deleted: it could not be used before its address was confirmed, and that was not done in time. */
  "account-lapsed": "info",
  /** Someone who is logged in and knew the password asked to have the account deleted, and every session ended. */
  "deletion-requested": "warn",
  /** Such a wish was refused: too many of that account. */
  "deletion-throttled": "warn",
  /** An account that was to be deleted stays: someone has logged in and said so, or the operator has. */
  "deletion-cancelled": "info",
  /** An account was erased: its owner had asked for that, and the time to think it over is past. Or the operator did it. */
  "account-erased": "info",
  /** Someone logged in. */
  login: "info",
  /** A wrong email or password; `userId` is null when no account has that email. */
  "login-failed": "warn",
  /** A login was refused before the password was compared: too many failures before it. */
  "login-throttled": "warn",
  /** Someone asked for another email to confirm their address with. */
  "verification-requested": "info",
  /** Such a request, or a typed code, was refused: too many for that address or from that network. */
  "verification-throttled": "warn",
  /** An address was confirmed, by link or by code. */
  "email-verified": "info",
  /** The right password was typed to confirm or change an address, where another account is logged in and stays so. */
  "password-proven": "info",
  /** A code to confirm an address with did not fit. */
  "verification-failed": "warn",
  /** The right password, but the address has to be confirmed first. */
  "login-unverified": "info",
  /** The right password, but the account is locked. */
  "login-locked": "warn",
  /** The first proof of a login was right, and the second is asked for. Nothing is open yet. */
  "login-half-done": "info",
  /** A code or recovery code did not fit or was used before, behind a right password. */
  "second-factor-failed": "warn",
  /** Such a try was refused: too many wrong ones before it. */
  "second-factor-throttled": "warn",
  /** Someone set up an authenticator app as the second factor of their account. */
  "authenticator-added": "info",
  /** Someone put another authenticator app in the place of the one they had. */
  "authenticator-replaced": "info",
  /** Someone removed the authenticator app of their account, and its recovery codes. */
  "authenticator-removed": "info",
  /** Someone made new recovery codes, which ended the former ones. */
  "recovery-codes-made": "info",
  /** A recovery code was used up. */
  "recovery-code-used": "warn",
  /** Someone added a passkey to their account. */
  "passkey-added": "info",
  /** A browser made a passkey without a dialog, for somebody who had just logged in. */
  "passkey-offered": "info",
  /** Someone gave a passkey another name. */
  "passkey-renamed": "info",
  /** Someone removed a passkey from their account. */
  "passkey-removed": "info",
  /** Someone who was logged in locked their account, which ended its passkeys. */
  "passkeys-ended": "warn",
  /** A passkey's count has not gone up, so there is a copy of it. It was refused. */
  "passkey-copied": "warn",
  /** A passkey's answer was refused: it did not fit, was late or sent again, or no account has that passkey. */
  "passkey-refused": "warn",
  /** A passkey's right answer was refused: too many of that account. */
  "passkey-throttled": "warn",
  /** Someone connected their account with a provider, or registered with one. */
  "connection-added": "info",
  /** Someone disconnected their account from a provider. */
  "connection-removed": "info",
  /**
   * The connections of an account ended: someone who was logged in locked it, or the operator
   * ran `npm run user -- disconnect`.
   */
  "connections-ended": "warn",
  /** A provider's answer was refused; `reason` says why, and `provider` which one. */
  "provider-refused": "warn",
  /** A visitor was not sent to a provider, or a login with one was refused: too many from that network, or of that account. */
  "provider-login-throttled": "warn",
  /** Such a change was refused: too many of that account. */
  "second-factor-change-throttled": "warn",
  /** A lock by an emailed link ended second factors and connections added since what the email told of. */
  "factors-ended": "warn",
  /** The operator removed the second factors of an account, by `npm run user -- reset-factors`. */
  "factors-reset": "warn",
  /** Someone asked for a new password; `userId` is null when no account has that email. */
  "reset-requested": "info",
  /** Such a request was refused: too many emails to that address or from that network. */
  "reset-throttled": "warn",
  /** An owner locked the account by the link of a security alert: every session ended, and every login is refused. */
  "account-locked": "warn",
  /** Someone who was logged in locked their account: every session ended, and every login is refused. */
  "account-locked-inside": "warn",
  /** Someone asked for another address and knew the password; nothing changes until it is confirmed. */
  "email-change-requested": "info",
  /** Such a request was refused: too many emails to that address or from that network. */
  "email-change-throttled": "warn",
  /** An account got another address, confirmed by the link that was sent there. */
  "email-changed": "info",
  /** An owner took the old address back by an emailed link: every session ended, and every login is refused. */
  "email-restored": "warn",
  /** The operator made a link for choosing a new password, by `npm run user -- reset-link`. */
  "reset-link-made": "info",
  /** A new password was chosen by a link, and every session of the account ended. */
  "password-reset": "info",
  /** Someone who is logged in typed the right password again, where a recent proof is asked for, and got a new session. */
  "re-authenticated": "info",
  /** Someone downloaded a copy of what is kept about them. */
  "data-exported": "info",
  /** Such a copy was refused: too many of that account. */
  "data-export-throttled": "warn",
  /** Someone who is logged in changed the username. */
  "username-changed": "info",
  /** Such a change was refused: too many of that account. */
  "username-change-throttled": "warn",
  /** Someone who is logged in changed the name they are greeted by, or took it away. */
  "display-name-changed": "info",
  /** Someone who is logged in gave their account another picture. */
  "picture-changed": "info",
  /** Such a picture was refused unseen: too many of that account. */
  "picture-throttled": "warn",
  /** Someone who is logged in took the picture of their account away. */
  "picture-removed": "info",
  /** Someone who is logged in changed the password, or set a first one, and every other session of the account ended. */
  "password-changed": "info",
  /** Such a change was refused: too many of that account. */
  "password-change-throttled": "warn",
  /** The operator locked an account, by `npm run user -- lock`: every session ended, and every login is refused. */
  locked: "warn",
  /** The operator ended their lock or forgot the failed logins of an account, by `npm run user -- unlock`. */
  unlocked: "info",
  /** Someone ended their session. */
  logout: "info",
  /** Someone ended another session of theirs, from the list of them. */
  "session-ended": "info",
  /** Someone ended all sessions of theirs but the one they were in. */
  "other-sessions-ended": "info",
  /** Someone made their account forget a known browser: its next login is news. */
  "browser-forgotten": "info",
  /** A session was found past its end or idle for too long, and is gone. */
  "session-expired": "info",
  /** A request came from another site, or was none that a page of ours sends; `status` is the answer. */
  "refused-request": "warn",
  /** The mail server did not take an email; `reason` has its code, and it will be tried again. */
  "mail-delayed": "warn",
  /** An email was given up: the mail server refused it for good, or it is too late to be useful. */
  "mail-failed": "warn",
  /** The clean-up has deleted what had expired; how many of each kind. */
  "cleaned-up": "info",
  /** Something failed because the database or the hashing queue was unavailable; `reason` says what to do. It may work later. */
  unavailable: "warn",
  /** The database or the mail server works again, after `seconds`. */
  available: "info",
  /** A fault of ours. */
  error: "error",
} as const satisfies Record<string, "info" | "warn" | "error">;

export type EventName = keyof typeof EVENTS;
