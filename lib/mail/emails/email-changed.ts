import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { linkPath } from "../../shared/links";
import { formatMoment } from "../../shared/moment";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, whenAndHow, whenAndWhere } from "./security-alert";

/** What is left to an owner without a way back. A device that is logged in stays so. */
const RESCUE =
  "on a device where you are still logged in, give your account an address of yours under Account, Email, at once, and then choose a new password. Where there is none, ask the people who run this site.";

/**
 * To the address an account had until just now (ASVS v5.0.0-6.3.7). One never confirmed may be a stranger's, who is not to
 * learn whose the account is or where its owner is.
 * @param back the way back, or why there is none
 */
export function emailChangedEmail(
  to: Recipient,
  client: ClientInfo,
  back: AlertLink | "never-confirmed" | "went-back",
): Email {
  return writeEmail({
    to: back === "never-confirmed" ? { ...to, username: null } : to,
    subject: "Your email address was changed",
    ...(back === "never-confirmed" ? toPerhapsAStranger(client) : toOwner(client, back)),
    expiresAt: alertEnd(),
  });
}

function toPerhapsAStranger(client: ClientInfo) {
  return {
    before: [
      `An account at ${env().appName} had this address and has another one now. It was changed ${whenAndHow(client)}.`,
      "This address was never confirmed, so it cannot be taken back from here.",
    ],
    after: [
      `If you did not ask for this and the account is yours: ${RESCUE}`,
      "If it is not yours, somebody had typed your address, and there is nothing to do.",
    ],
  };
}

function toOwner(client: ClientInfo, back: AlertLink | "went-back") {
  const changed = `Your account at ${env().appName} has another email address. It was changed ${whenAndWhere(client)}.`;
  if (back === "went-back")
    return {
      before: [
        changed,
        "It has the address again that it had before this one, so this one cannot be taken back from here.",
      ],
      after: [`If that was you, there is nothing to do. If it was not: ${RESCUE}`],
    };
  const { token, expiresAt } = back;
  return {
    before: [changed, "If that was you, there is nothing to do. If it was not:"],
    button: { label: "This was not me: take my address back", path: linkPath("restore-email", token) },
    after: [
      `Your account then has this address again: every device is logged out, the password stops working, and you choose a new one. The link works until ${formatMoment(expiresAt)}.`,
    ],
  };
}
