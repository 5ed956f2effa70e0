import type { ClientInfo } from "../../platform/client-info";
import { alertEnd, type Email, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/** To the owner of an account that was opened just now by a browser it did not know (ASVS v5.0.0-6.3.5). */
export function newLoginEmail(email: string, client: ClientInfo, link: AlertLink): Email {
  return writeEmail({
    to: email,
    subject: "A login from a new device",
    before: [
      `Someone logged in to your account ${whenAndWhere(client)}. This device was not known before.`,
      "If that was you, there is nothing to do. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}
