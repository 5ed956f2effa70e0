import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { linkPath } from "../../shared/links";
import { formatMoment } from "../../shared/moment";
import { type Email, type Recipient, writeEmail } from "../email";
import { whenAndHow } from "./security-alert";

/** To someone with an account who asked for a new password. */
export function passwordResetEmail(
  to: Recipient,
  client: ClientInfo,
  { token, expiresAt }: { token: string; expiresAt: Date },
): Email {
  return writeEmail({
    to,
    subject: "Choose a new password",
    before: [
      `Someone, most likely you, asked for a new password for your account at ${env().appName}: ${whenAndHow(client)}.`,
    ],
    button: { label: "Choose a new password", path: linkPath("reset-password", token) },
    after: [
      `This works once, until ${formatMoment(expiresAt)}, on any device. You will then be logged out everywhere else.`,
      "If it was not you, there is nothing to do: your password stays as it is.",
    ],
    expiresAt,
  });
}
