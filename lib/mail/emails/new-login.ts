import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/** A login from a browser that the account did not know. */
export interface Login {
  createdAt: Date;
  ip: string | null;
  userAgent: string | null;
}

/** So many logins are told of one by one in an email. */
export const LOGINS_TOLD = 10;

/** The same about all logins since such an email. It leaves when the hour after that one is over. */
export function laterLoginsEmail(to: Recipient, logins: Login[], link: AlertLink): Email {
  const told = logins.slice(0, LOGINS_TOLD).map((login) => `- ${whenAndWhere(login, login.createdAt)}`);
  return writeEmail({
    to,
    subject: "More logins from new devices",
    before: [
      `Since our last email someone logged in to your account at ${env().appName} from devices that were not known before:`,
      ...told,
      ...(told.length === LOGINS_TOLD ? ["There may have been more after these."] : []),
      "If it was you each time, there is nothing to do. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}

/** To the owner of an account that was opened just now by a browser it did not know (ASVS v5.0.0-6.3.5). */
export function newLoginEmail(to: Recipient, client: ClientInfo, link: AlertLink): Email {
  return writeEmail({
    to,
    subject: "A login from a new device",
    before: [
      `Someone logged in to your account at ${env().appName}, ${whenAndWhere(client)}. This device was not known before.`,
      "If that was you, there is nothing to do. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}
