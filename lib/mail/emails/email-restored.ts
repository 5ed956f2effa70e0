import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";

/** To the address an account had until its owner took an older one back. It has no link. */
export function emailRestoredEmail(to: Recipient): Email {
  return writeEmail({
    to,
    subject: "An email address was taken back",
    before: [
      `The account at ${env().appName} that had this address has its former address again: someone followed the link in our email to that address.`,
      "Every device was logged out. If it is your account, use that address from now on, and choose a new password: we sent a link for that there.",
    ],
    after: [],
    expiresAt: alertEnd(),
  });
}
