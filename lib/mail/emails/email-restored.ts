import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";

/**
 * To the address an account had until its owner took an older one back. It has no link.
 * @param by the link to that address, or a lock by somebody who was logged in
 */
export function emailRestoredEmail(to: Recipient, by: "link" | "lock"): Email {
  const how =
    by === "link"
      ? "someone followed the link in our email to that address"
      : "someone who was logged in locked it";
  return writeEmail({
    to,
    subject: "An email address was taken back",
    before: [
      `The account at ${env().appName} that had this address has its former address again: ${how}.`,
      "Every device was logged out. If it is your account, use that address from now on, and choose a new password: we sent a link for that there.",
    ],
    after: [],
    expiresAt: alertEnd(),
  });
}
