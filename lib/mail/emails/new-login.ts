import type { ClientInfo } from "../../platform/client-info";
import { alertEnd, type Email, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/**
 * The same about one and more logins in the hour after such an email: it leaves when that hour is over, and tells of the
 * first of them.
 */
export function laterLoginsEmail(email: string, client: ClientInfo, link: AlertLink): Email {
  return writeEmail({
    to: email,
    subject: "More logins from new devices",
    before: [
      `Since our last email someone logged in to your account ${whenAndWhere(client)}, and perhaps again in the hour after. Each time it was a device not known before.`,
      "If that was you, there is nothing to do. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}

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
