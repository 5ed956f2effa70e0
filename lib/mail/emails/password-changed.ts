import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/** To the owner of an account whose password was changed just now (ASVS v5.0.0-6.3.7). */
export function passwordChangedEmail(to: Recipient, client: ClientInfo, link: AlertLink): Email {
  return writeEmail({
    to,
    subject: "Your password was changed",
    before: [
      `The password of your account at ${env().appName} was changed ${whenAndWhere(client)}. All devices have been logged out.`,
      "If that was you, there is nothing to do. If it was not, make sure that no one else reads your email, and then:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}
