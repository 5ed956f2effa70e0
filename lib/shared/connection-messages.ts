import type { FlashMessageContent } from "./flash-messages";
import { END_OTHERS } from "./ways-out";

/** The flash messages about providers: what came of a login there, and of connecting an account. */
export const connectionMessages = {
  "account-created-with-provider": {
    kind: "success",
    text: "Your account has been created! You are logged in.",
  },
  "account-created-with-provider-mailed": {
    kind: "success",
    text: "Your account has been created! You are logged in.",
    more: "We sent you an email to confirm your address.",
  },
  "account-created-with-provider-unconfirmed": {
    kind: "success",
    text: "Your account has been created. We sent an email: follow its link, or type its code here, and you are logged in.",
  },
  "provider-unconfirmed": {
    kind: "danger",
    text: "Please confirm your email address first. We sent an email: follow its link, or type its code here.",
  },
  "provider-declined": {
    kind: "info",
    text: "Nothing was done: the provider says that this was cancelled there. Try again, or use another way.",
  },
  "provider-lost": {
    kind: "danger",
    text: "Nothing was done: that was begun in another browser, took too long, or was answered before. Please begin again here.",
  },
  "provider-down": {
    kind: "danger",
    text: "The provider does not answer at the moment. Please try again, or use another way.",
  },
  "provider-clock": {
    kind: "danger",
    text: "The provider’s answer was out of date: its clock and ours differ. Please use another way, and tell the people who run this site.",
  },
  "provider-wrong": {
    kind: "danger",
    text: "The provider’s answer was not accepted. Please use another way, and tell the people who run this site.",
  },
  "provider-later": {
    kind: "danger",
    text: "We cannot do that right now. Please try again in a moment.",
  },
  "provider-throttled": {
    kind: "danger",
    text: "That was tried too often. Please try again in a few minutes.",
  },
  "provider-address-taken": {
    kind: "info",
    text: "You have an account here with that email address already. Log in with what you have; the next page then connects the two.",
  },
  "provider-not-fresh": {
    kind: "danger",
    text: "The provider has not asked you again who you are, so that is no new proof. Log out there and try again, or use another way.",
  },
  "provider-grown-old": {
    kind: "danger",
    text: "Nothing was done: too much time has passed since the provider asked you who you are. Go on as this page says.",
  },
  "provider-other-person": {
    kind: "danger",
    text: "That is not the account that yours is connected with. Choose the right one there.",
  },
  "is-connected": {
    kind: "success",
    text: "Your account is connected. You can log in there from now on.",
  },
  "connection-there": { kind: "info", text: "Your account is connected with that one already." },
  "connected-elsewhere": {
    kind: "danger",
    text: "That account is connected with another account here. Log in to that one and disconnect it first.",
  },
  "connection-one-only": {
    kind: "danger",
    text: "Your account is connected with somebody else there. Disconnect that first.",
  },
  "connection-of-another": {
    kind: "danger",
    text: "Nothing was connected: somebody else logged in here meanwhile. Please begin again.",
  },
  "is-disconnected": {
    kind: "success",
    text: "Your account is disconnected. An account there does not log anybody in here any more.",
    waysOut: END_OTHERS,
  },
  "connection-gone": { kind: "info", text: "Your account is not connected with that provider any more." },
} as const satisfies Record<string, FlashMessageContent>;
