import { linkPath } from "../../shared/links";
import { type Email, formatMoment, writeEmail } from "../email";

/** To the new address of an account. It may be mistyped and a stranger's, so the email repeats nothing that was typed. */
export function emailChangeConfirmationEmail(
  email: string,
  { token, expiresAt }: { token: string; expiresAt: Date },
): Email {
  return writeEmail({
    to: email,
    subject: "Confirm your new email address",
    before: ["Someone, most likely you, wants to use this address for their account here from now on."],
    button: { label: "Use this address", path: linkPath("change-email", token) },
    after: [
      `This works once, until ${formatMoment(expiresAt)}, on any device. Where you are not logged in to that account, it asks for its password.`,
      "If it was not you, there is nothing to do: without you nothing changes.",
    ],
    expiresAt,
  });
}
