import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/** To the owner of an account that got another username just now. It names neither: a mail program makes links of some. */
export function usernameChangedEmail(to: Recipient, client: ClientInfo, link: AlertLink): Email {
  return writeEmail({
    to,
    subject: "Your username was changed",
    before: [
      `The username of your account at ${env().appName} was changed ${whenAndWhere(client)}.`,
      "If that was you, there is nothing to do. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
}
