import type { Caller } from "../caller";
import { routes } from "../routes";
import { describeDevice } from "../user-agent";
import { inWords, type Letter, noticeEnd, writeLetter } from "./letter";

/** To the owner of an account whose password was changed just now (ASVS v5.0.0-6.3.7). */
export function passwordChangedLetter(email: string, { userAgent, ip }: Caller): Letter {
  return writeLetter({
    to: email,
    subject: "Your password was changed",
    before: [
      `The password of your account was changed on ${inWords(new Date())}, with ${describeDevice(userAgent)}${ip ? ` at ${ip}` : ""}. All devices have been logged out.`,
      "If that was you, there is nothing to do. If it was not, choose a new password at once, and make sure that nobody else reads your mail.",
    ],
    button: { label: "Choose a new password", path: routes.forgotPassword },
    after: [],
    expiresAt: noticeEnd(),
  });
}
