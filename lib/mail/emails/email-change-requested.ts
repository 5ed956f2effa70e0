import type { ClientInfo } from "../../platform/client-info";
import { alertEnd, type Email, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/** To the owner of an account for which another address was asked, while nothing has changed yet (ASVS v5.0.0-6.3.7). */
export function emailChangeRequestedEmail(email: string, client: ClientInfo, link: AlertLink): Email {
  return writeEmail({
    to: email,
    subject: "A new email address for your account",
    before: [
      `Someone who knew your password asked for another email address for your account ${whenAndWhere(client)}. Nothing changes until the link in our email to that address is followed.`,
      "If that was you, there is nothing to do here. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}
