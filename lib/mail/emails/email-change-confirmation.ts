import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { linkPath } from "../../shared/links";
import { formatMoment } from "../../shared/moment";
import { type Email, type Recipient, writeEmail } from "../email";
import { whenAndHow } from "./security-alert";

/** To the new address of an account. It may be mistyped and a stranger's, so the email repeats nothing that was typed. */
export function emailChangeConfirmationEmail(
  to: Recipient,
  client: ClientInfo,
  { token, expiresAt }: { token: string; expiresAt: Date },
): Email {
  return writeEmail({
    to,
    subject: "Confirm your new email address",
    before: [
      `Someone, most likely you, asked to use this address for their account at ${env().appName} from now on: ${whenAndHow(client)}.`,
    ],
    button: { label: "Use this address", path: linkPath("change-email", token) },
    after: [
      `This works once, until ${formatMoment(expiresAt)}, on any device. Where you are not logged in to that account, it asks for its password.`,
      "If it was not you, there is nothing to do: without you nothing changes.",
    ],
    expiresAt,
  });
}
