import type { ClientInfo } from "../../platform/client-info";
import { linkPath } from "../../shared/links";
import { alertEnd, type Email, formatMoment, writeEmail } from "../email";
import { type AlertLink, whenAndWhere } from "./security-alert";

/**
 * To the address an account had until just now (ASVS v5.0.0-6.3.7).
 * @param back the way back; null where the account went back to an address it had before
 */
export function emailChangedEmail(email: string, client: ClientInfo, back: AlertLink | null): Email {
  return writeEmail({
    to: email,
    subject: "Your email address was changed",
    before: [
      `Your account has another email address. The change was confirmed ${whenAndWhere(client)}.`,
      back
        ? "If that was you, there is nothing to do. If it was not:"
        : "It has the address again that it had before this one, so this one cannot be taken back from here.",
    ],
    ...(back ? backButton(back) : { after: [] }),
    expiresAt: alertEnd(),
  });
}

function backButton({ token, expiresAt }: AlertLink) {
  return {
    button: { label: "This was not me: take my address back", path: linkPath("restore-email", token) },
    after: [
      `This works until ${formatMoment(expiresAt)}: your account has this address again, every device is logged out, the password stops working, and you choose a new one.`,
    ],
  };
}
