import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { linkPath } from "../../shared/links";
import { formatMoment } from "../../shared/moment";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, lockButton, type WriteAlert, whenAndHow, whenAndWhere } from "./security-alert";

/**
 * To the owner of an account that somebody asked to have deleted (ASVS v5.0.0-6.3.7).
 * @param deleteAt when it is erased
 */
export function deletionRequestedEmail(deleteAt: Date): WriteAlert {
  return (to, client, link) => {
    const { button, after } = lockButton(link);
    return writeEmail({
      to,
      subject: "Your account is to be deleted",
      before: [
        `Someone who was logged in asked to have your account at ${env().appName} deleted, ${whenAndWhere(client)}. Every device was logged out, and on ${formatMoment(deleteAt)} the account is erased, with everything that is kept about you.`,
        "If that was you, there is nothing to do. To keep the account after all, log in before then. If it was not you:",
      ],
      button,
      after: [...after, "A locked account is not deleted."],
      expiresAt: alertEnd(),
    });
  };
}

/** To the address that such an account has had before, while it can still be taken back from there. */
export function deletionOfFormerEmail(
  to: Recipient,
  client: ClientInfo,
  { token, expiresAt }: AlertLink,
  deleteAt: Date,
): Email {
  return writeEmail({
    to,
    subject: "Your account is to be deleted",
    before: [
      `Your account at ${env().appName}, which had this address until lately, is to be deleted. Someone who was logged in asked for that, ${whenAndHow(client)}, and on ${formatMoment(deleteAt)} the account is erased.`,
      "If you changed the address and asked for this, there is nothing to do. If you did not:",
    ],
    button: { label: "This was not me: take my address back", path: linkPath("restore-email", token) },
    after: [
      `Your account then has this address again and is not deleted: every device is logged out, the password stops working, and you choose a new one. The link works until ${formatMoment(expiresAt)}.`,
    ],
    expiresAt: alertEnd(),
  });
}
