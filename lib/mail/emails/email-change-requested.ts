import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/** To the owner of an account for which another address was asked, while nothing has changed yet (ASVS v5.0.0-6.3.7). */
export function emailChangeRequestedEmail(to: Recipient, client: ClientInfo, link: AlertLink): Email {
  return writeEmail({
    to,
    subject: "A new email address for your account",
    before: [
      `Someone who knew your password asked for another email address for your account at ${env().appName}, ${whenAndWhere(client)}. Nothing changes until the link in our email to that address is followed.`,
      "If that was you, there is nothing to do here. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}
