import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, lockButton, type WriteAlert, whenAndWhere, writeAlert } from "./security-alert";

/** So many logins are told of one by one in an email. */
export const LOGINS_TOLD = 10;

/**
 * The same about all logins since such an email. It leaves when the hour after that one is over.
 * @param logins what {@link whenAndWhere} says of each, {@link LOGINS_TOLD} at most
 */
export function laterLoginsEmail(to: Recipient, logins: string[], link: AlertLink): Email {
  return writeEmail({
    to,
    subject: "More logins from new devices",
    list: logins,
    before: [
      `Since our last email someone logged in to your account at ${env().appName} from devices that were not known before:`,
      ...logins.map((login) => `- ${login}`),
      ...(logins.length >= LOGINS_TOLD ? ["There may have been more after these."] : []),
      "If it was you each time, there is nothing to do. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}

/** To the owner of an account that was opened just now by a browser it did not know (ASVS v5.0.0-6.3.5). */
export const newLoginEmail: WriteAlert = (to, client, link) =>
  writeAlert(
    to,
    link,
    "A login from a new device",
    `Someone logged in to your account at ${env().appName}, ${whenAndWhere(client)}. This device was not known before.`,
  );
