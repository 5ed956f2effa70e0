import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";

/** To the confirmed address of an account that was erased just now. It has no link: there is nothing left to open. */
export function accountErasedEmail(to: Recipient): Email {
  return writeEmail({
    to,
    subject: "Your account is deleted",
    before: [
      `Your account at ${env().appName} is erased, with everything that was kept about you. This is the last email about it.`,
      "Its username and this address are free again: anyone can register with them, you as well.",
    ],
    after: [],
    expiresAt: alertEnd(),
  });
}
