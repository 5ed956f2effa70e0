import { linkPath } from "../../shared/links";
import { type Email, formatMoment, writeEmail } from "../email";

/** To someone with an account who asked for a new password. */
export function passwordResetEmail(
  email: string,
  { token, expiresAt }: { token: string; expiresAt: Date },
): Email {
  return writeEmail({
    to: email,
    subject: "Choose a new password",
    before: ["Someone, most likely you, asked for a new password for your account."],
    button: { label: "Choose a new password", path: linkPath("reset-password", token) },
    after: [
      `This works once, until ${formatMoment(expiresAt)}, on any device. You will then be logged out everywhere else.`,
      "If it was not you, there is nothing to do: your password stays as it is.",
    ],
    expiresAt,
  });
}
