import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { formatMoment } from "../../shared/moment";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/**
 * To the owner of an account that was to be deleted and stays, because somebody has logged in and said so (ASVS v5.0.0-6.3.7).
 * @param deleteAt when it would have been erased
 */
export function accountKeptEmail(deleteAt: Date) {
  return (to: Recipient, client: ClientInfo, link: AlertLink): Email =>
    writeEmail({
      to,
      subject: "Your account stays",
      before: [
        `Your account at ${env().appName} was to be deleted on ${formatMoment(deleteAt)}. Someone logged in and kept it, ${whenAndWhere(client)}.`,
        "If that was you, there is nothing to do. If it was not:",
      ],
      ...lockButton(link),
      expiresAt: alertEnd(),
    });
}
