import "server-only";
import { providerOf } from "../platform/providers/configured-providers";
import { type FoldedEventName, type HistoryEventName, isFolded } from "../security/audit";
import type { ByProvider, FirstFactor, SecondFactor } from "./login/admit";

/** Every event as the account's owner reads it. */
const WORDS: Record<HistoryEventName, string> = {
  registered: "You registered",
  "email-corrected": "Your mistyped email address was corrected",
  login: "You logged in",
  "login-failed": "A wrong password was typed",
  "verification-requested": "An email to confirm your address was asked for",
  "email-verified": "Your email address was confirmed",
  "password-proven":
    "Your password was typed behind an emailed link, in a browser logged in to another account",
  "verification-failed": "A wrong code was typed",
  "login-unverified": "You logged in, and were asked to confirm your email address first",
  "login-locked": "A login was right, and refused because your account was locked",
  "login-half-done": "A login was right so far, and a second factor was asked for",
  "second-factor-failed": "A wrong code was typed as the second step of a login",
  "authenticator-added": "An authenticator app was set up",
  "authenticator-replaced": "Your authenticator app was replaced",
  "authenticator-removed": "Your authenticator app was removed",
  "recovery-codes-made": "New recovery codes were made",
  "recovery-code-used": "A recovery code was used",
  "passkey-added": "A passkey was added",
  "passkey-offered": "A browser saved a passkey after a login",
  "passkey-renamed": "A passkey was given another name",
  "passkey-removed": "A passkey was removed",
  "passkeys-ended": "Your passkeys were ended with the lock",
  "passkey-copied": "A copy of one of your passkeys was refused",
  "passkey-refused": "A passkey was refused",
  "connection-added": "Your account was connected with a provider",
  "connection-removed": "Your account was disconnected from a provider",
  "connections-ended": "Your connections with providers were ended",
  "provider-refused": "The answer of a provider was refused",
  "factors-ended": "What was added to your account since something that was not you was ended",
  "factors-reset": "The people who run this site removed your second factors",
  "reset-requested": "A link to choose a new password was asked for",
  "account-locked": "Your account was locked by the link in a security alert",
  "account-locked-inside": "You locked your account",
  "email-change-requested": "Another email address was asked for",
  "email-changed": "Your email address was changed",
  "email-restored": "Your former email address was taken back, and your account was locked",
  "reset-link-made": "The people who run this site made a link to choose a new password",
  "password-reset": "A new password was chosen by a link",
  "password-changed": "Your password was changed",
  "username-changed": "Your username was changed",
  "display-name-changed": "Your display name was changed",
  "picture-changed": "Your picture was changed",
  "picture-removed": "Your picture was removed",
  "re-authenticated": "You proved again who you are, to go on",
  "data-exported": "A copy of your data was downloaded",
  "deletion-requested": "You asked to have your account deleted",
  "deletion-cancelled": "Your account was kept, and is not deleted",
  locked: "The people who run this site locked your account",
  unlocked: "The people who run this site unlocked your account",
  logout: "You logged out",
  "session-ended": "You ended another session",
  "other-sessions-ended": "You ended all other sessions",
  "browser-forgotten": "You had a known browser forgotten",
  "session-expired": "A session ended by itself, because it was old or unused",
};

/** The same of several that are told as one. */
const MANY: Record<FoldedEventName, (number: string) => string> = {
  "login-failed": (number) => `${number} wrong passwords were typed`,
  "verification-failed": (number) => `${number} wrong codes were typed`,
  "verification-requested": (number) => `${number} emails to confirm your address were asked for`,
  "reset-requested": (number) => `${number} links to choose a new password were asked for`,
  "password-proven": (number) =>
    `Your password was typed ${number} times behind an emailed link, in a browser logged in to another account`,
  "login-unverified": (number) =>
    `You logged in ${number} times, and were asked to confirm your email address first`,
  "login-locked": (number) => `${number} logins were right, and refused because your account was locked`,
  "login-half-done": (number) => `${number} logins were right so far, and a second factor was asked for`,
  "second-factor-failed": (number) => `${number} wrong codes were typed as the second step of a login`,
  "passkey-refused": (number) => `${number} answers of passkeys were refused`,
  "email-change-requested": (number) => `Another email address was asked for ${number} times`,
  "data-exported": (number) => `${number} copies of your data were downloaded`,
  logout: (number) => `You logged out ${number} times`,
  "session-ended": (number) => `You ended another session ${number} times`,
  "other-sessions-ended": (number) => `You ended all other sessions ${number} times`,
  "browser-forgotten": (number) => `You had a known browser forgotten ${number} times`,
  "session-expired": (number) => `${number} sessions ended by themselves, because they were old or unused`,
};

/** What was proven, as the owner reads it. */
const PROOFS: Record<Exclude<FirstFactor, ByProvider> | SecondFactor | "trusted-browser", string> = {
  password: "your password",
  passkey: "a passkey",
  code: "a code from your authenticator app",
  "recovery-code": "a recovery code",
  "trusted-browser": "a browser that is not asked for a code",
};

/** Recorded with what an operator's command has done, where its owner can have done the same. */
export const BY_OPERATOR = "operator";

/**
 * How a login was proved, or who has done what was not a login, in the words of the account's owner: "with your password and a recovery code".
 * @param how as it was recorded: another release may know more
 * @returns null where there is nothing to say
 */
export function describeProof(how: string | null): string | null {
  if (how === BY_OPERATOR) return "by the people who run this site";
  const words = (how ?? "").split("+").flatMap((proof) => {
    const provider = providerOf(proof);
    if (provider !== null) return [`your account at ${provider}`];
    return Object.hasOwn(PROOFS, proof) ? [PROOFS[proof as keyof typeof PROOFS]] : [];
  });
  return words.length > 0 ? `with ${words.join(" and ")}` : null;
}

/**
 * An event in the words of the account's owner.
 * @param event as it was recorded: another release may know more of them
 * @param count how many are told as one
 * @param isMore true where there may have been more
 */
export function describeEvent(event: string, count = 1, isMore = false): string {
  if ((count > 1 || isMore) && isFolded(event))
    return MANY[event](isMore ? `${count} or more` : String(count));
  return Object.hasOwn(WORDS, event) ? WORDS[event as HistoryEventName] : "Something else happened";
}
