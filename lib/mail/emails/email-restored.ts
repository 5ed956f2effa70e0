import { alertEnd, type Email, writeEmail } from "../email";

/** To the address an account had until its owner took an older one back. It has no link. */
export function emailRestoredEmail(email: string): Email {
  return writeEmail({
    to: email,
    subject: "An email address was taken back",
    before: [
      "The account that had this address has the one before again: someone followed a link in a letter that was sent there.",
      "Every device was logged out. If it is your account, log in with that address; its password has to be chosen anew.",
    ],
    after: [],
    expiresAt: alertEnd(),
  });
}
