import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { linkPath } from "../../shared/links";
import { formatMoment } from "../../shared/moment";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, whenAndWhere } from "./security-alert";

/** Why an address has no way back. */
const NO_WAY_BACK = {
  "never-confirmed": "This address was never confirmed, so it cannot be taken back from here.",
  "went-back":
    "It has the address again that it had before this one, so this one cannot be taken back from here.",
} as const;

/** What is left to an owner without a way back. A device that is logged in stays so. */
const IF_NOT_YOU =
  "If that was you, there is nothing to do. If it was not: on a device where you are still logged in, give your account an address of yours under Account, Email, at once, and then choose a new password. Where there is none, ask the people who run this site.";

/**
 * To the address an account had until just now (ASVS v5.0.0-6.3.7).
 * @param back the way back, or why there is none
 */
export function emailChangedEmail(
  to: Recipient,
  client: ClientInfo,
  back: AlertLink | keyof typeof NO_WAY_BACK,
): Email {
  return writeEmail({
    to,
    subject: "Your email address was changed",
    before: [
      `Your account at ${env().appName} has another email address. It was changed ${whenAndWhere(client)}.`,
      typeof back === "string"
        ? NO_WAY_BACK[back]
        : "If that was you, there is nothing to do. If it was not:",
    ],
    ...(typeof back === "string" ? { after: [IF_NOT_YOU] } : backButton(back)),
    expiresAt: alertEnd(),
  });
}

function backButton({ token, expiresAt }: AlertLink) {
  return {
    button: { label: "This was not me: take my address back", path: linkPath("restore-email", token) },
    after: [
      `Your account then has this address again: every device is logged out, the password stops working, and you choose a new one. The link works until ${formatMoment(expiresAt)}.`,
    ],
  };
}
