import type { WayOut } from "./action-state";
import { connectionMessages } from "./connection-messages";
import { DELETION_DAYS, PICTURE_MAX_IN_WORDS, PICTURE_MEGAPIXELS } from "./limits";
import { formatDay } from "./moment";
import { passwordMessages } from "./password-messages";
import { routes } from "./routes";
import { DAY_MS } from "./units";
import { END_OTHERS } from "./ways-out";

export type FlashKind = "success" | "info" | "danger";

export interface FlashMessageContent {
  kind: FlashKind;
  text: string;
  /** A sentence more, after those of the tutorial. */
  more?: string;
  /** Links to where to go on. */
  waysOut?: readonly WayOut[];
  /** What stands at the form with the picture, and nowhere else on its page. */
  isAtPicture?: true;
}

function atPicture<const Text extends string>(text: Text) {
  return { kind: "danger", text, isAtPicture: true } as const;
}

/**
 * Every flash message there is. The cookie carries the key alone, so no text from outside is ever shown
 * (ASVS v5.0.0-3.2.2). The texts of "account-created…", "login-required" and "login-failed" stay word for word: they are
 * those of the tutorial that this app follows.
 */
export const flashMessages = {
  "account-created": {
    kind: "success",
    text: "Your account has been created! You are now able to log in",
  },
  "account-created-mailed": {
    kind: "success",
    text: "Your account has been created! You are now able to log in",
    more: "We sent you an email to confirm your address.",
  },
  "account-created-unconfirmed": {
    kind: "success",
    text: "Your account has been created. Check your inbox and confirm your email address, then you can log in.",
    waysOut: [{ href: routes.correctEmail, label: "Wrong address?" }],
  },
  "login-required": { kind: "info", text: "Please log in to access this page." },
  "holder-logged-out": {
    kind: "info",
    text: "You are no longer logged in to that account here. Please type its password to go on.",
  },
  "email-unconfirmed": {
    kind: "danger",
    text: "Please confirm your email address first. We sent an email with a link and a code.",
    waysOut: [
      { href: routes.verifyEmail, label: "Type the code" },
      { href: routes.correctEmail, label: "Wrong address?" },
    ],
  },
  "locked-by-owner": {
    kind: "danger",
    text: "This account is locked, as its owner asked. A new password unlocks it: choose “Forgot password?” below.",
  },
  "locked-by-operator": {
    kind: "danger",
    text: "This account is locked. Please ask the people who run this site.",
  },
  "login-failed": { kind: "danger", text: "Login Unsuccessful. Please check email and password" },
  "verification-sent": {
    kind: "success",
    text: "We sent an email with a link and a code. Check your inbox.",
  },
  "email-verified": { kind: "success", text: "Your email address is confirmed." },
  "email-verified-of-another": {
    kind: "success",
    text: "The email address of that account is confirmed. You are still logged in to another account here.",
  },
  "email-verified-by-new-password": {
    kind: "success",
    text: "Your email address is confirmed, and your password has been changed. You can log in with it now.",
  },
  "new-email-to-confirm": {
    kind: "success",
    text: "We sent an email to the new address. Your address changes once you follow its link.",
  },
  "email-changed": {
    kind: "success",
    text: "Your email address is changed. From now on, log in with the new one.",
  },
  "email-changed-of-another": {
    kind: "success",
    text: "The email address of that account is changed. You are still logged in to another account here.",
  },
  "email-restored": {
    kind: "success",
    text: "Your address is back, and every device is logged out. We sent you an email with a link to choose a new password.",
  },
  "reset-requested": {
    kind: "success",
    text: "We sent an email to that address. Follow its instructions.",
  },
  "account-locked": {
    kind: "success",
    text: "Your account is locked, and every device is logged out. We sent you an email with a link to choose a new password.",
  },
  ...passwordMessages,
  "second-step-over": {
    kind: "info",
    text: "That login has waited too long, or your account has changed since. Please log in again.",
  },
  ...connectionMessages,
  "passkey-added": { kind: "success", text: "Your passkey is added. It logs you in without a password." },
  "passkey-renamed": { kind: "success", text: "Your passkey has its new name." },
  "passkey-removed": {
    kind: "success",
    text: "Your passkey is removed. It does not log anybody in any more.",
    waysOut: END_OTHERS,
  },
  "passkey-gone": { kind: "info", text: "That passkey is not on your list any more." },
  "app-set-up": {
    kind: "success",
    text: "Your authenticator app is set up. From now on a login takes a code from it.",
    waysOut: END_OTHERS,
  },
  "app-replaced": {
    kind: "success",
    text: "Your new authenticator app is set up. Codes from the former one do not work any more.",
    waysOut: END_OTHERS,
  },
  "app-removed": {
    kind: "success",
    text: "Your authenticator app is removed, and its recovery codes are gone. A login takes your password alone.",
    waysOut: END_OTHERS,
  },
  "no-app": { kind: "info", text: "Your account has no authenticator app." },
  "set-up-over": {
    kind: "info",
    text: "That set-up has waited too long. Please begin it again.",
  },
  "recovery-codes-few": {
    kind: "info",
    text: "You have few recovery codes left.",
    waysOut: [{ href: routes.accountTwoFactor, label: "Make new ones" }],
  },
  "page-outdated": {
    kind: "info",
    text: "This site was updated while your page was open, so nothing has been done. Here is the new page with what you typed, passwords apart: please send it again.",
  },
  "form-kept": {
    kind: "info",
    text: "You were logged out before this form was sent, so nothing has been done. Here is what you had typed, passwords apart: please look at it and send it again.",
  },
  "session-over": { kind: "success", text: "That session is over: its browser has to log in again." },
  "session-gone": { kind: "info", text: "That session is not there any more." },
  "other-sessions-over": {
    kind: "success",
    text: "All other sessions are over: their browsers have to log in again.",
  },
  "no-other-session": { kind: "info", text: "There is no other session any more." },
  "browser-is-forgotten": {
    kind: "success",
    text: "That browser is forgotten. Its next login counts as one from a new browser.",
  },
  "browser-gone": { kind: "info", text: "That browser is not known any more." },
  "too-many-exports": {
    kind: "danger",
    text: "You downloaded your data several times. Please try again in an hour.",
  },
  "username-changed": {
    kind: "success",
    text: "Your username is changed. Your former one is kept for you for a while: you can take it back below.",
  },
  /** In capitals or without: nothing was given up. */
  "username-respelt": { kind: "success", text: "Your username is changed." },
  "display-name-changed": { kind: "success", text: "Your display name is saved." },
  "display-name-removed": { kind: "success", text: "You have no display name any more." },
  "picture-changed": { kind: "success", text: "Your picture is saved." },
  "picture-removed": { kind: "success", text: "Your picture is removed." },
  "picture-missing": atPicture("Choose a picture first."),
  "picture-form-unreadable": atPicture("That form could not be read. Choose the picture again."),
  "picture-too-large": atPicture(`Use a picture of at most ${PICTURE_MAX_IN_WORDS}.`),
  "picture-unreadable": atPicture("That is no PNG, JPEG or WebP that can be read. Choose another picture."),
  "picture-incomplete": atPicture(
    "That file is cut off: a part of the picture is missing. Choose it anew, or another one.",
  ),
  "picture-appended": atPicture(
    "That file has something else behind the picture. Save the picture anew, or choose another one.",
  ),
  "picture-animated": atPicture("That picture moves. Choose one that stands still."),
  "picture-too-many-pixels": atPicture(
    `That picture has too many pixels. Use one of at most ${PICTURE_MEGAPIXELS} million, for example 5000 by 5000.`,
  ),
  "picture-slow": atPicture(
    "That picture takes too long to read. Save it anew as a JPEG, or choose another one.",
  ),
  "picture-too-long-on-its-way": atPicture(
    "That picture took too long to arrive. Try again, or choose a smaller one.",
  ),
  "picture-throttled": atPicture("You sent many pictures in the last hour. Please try again in an hour."),
  "picture-busy": atPicture("Other pictures are being worked on. Please try again in a moment."),
  "picture-page-outdated": atPicture(
    "Nothing was done: this page was out of date. Please choose the picture again.",
  ),
  "deletion-begun": {
    kind: "success",
    /** Shown within a second of the deletion, so that its day is known without the account. */
    get text() {
      const day = formatDay(new Date(Date.now() + DELETION_DAYS * DAY_MS));
      return `Your account is deleted on ${day}, and every device is logged out. To keep it, log in before then.`;
    },
  },
  "deletion-goes-on": {
    kind: "success",
    text: "You are logged out. Your account will be deleted, as you asked. Until then you can log in and keep it.",
  },
  "account-kept": {
    kind: "success",
    text: "Your account stays.",
    more: "If you did not ask to have it deleted, somebody else knows your password.",
    waysOut: [{ href: routes.accountPassword, label: "Choose a new password" }],
  },
  "logged-out": { kind: "success", text: "You are logged out." },
} as const satisfies Record<string, FlashMessageContent>;

export type FlashKey = keyof typeof flashMessages;

export function isFlashKey(value: string): value is FlashKey {
  return Object.hasOwn(flashMessages, value);
}
