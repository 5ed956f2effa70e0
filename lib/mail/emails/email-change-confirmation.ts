import { linkPath } from "../../shared/links";
import { inWords, type Letter, writeLetter } from "../email";

/** To the address an account is to have. It may be mistyped and a stranger's: it says nothing they typed. */
export function changeEmailLetter(
  email: string,
  { token, expiresAt }: { token: string; expiresAt: Date },
): Letter {
  return writeLetter({
    to: email,
    subject: "Confirm your new email address",
    before: ["Someone, most likely you, wants to use this address for their account here from now on."],
    button: { label: "Use this address", path: linkPath("change-email", token) },
    after: [
      `This works once, until ${inWords(expiresAt)}, on any device.`,
      "If it was not you, there is nothing to do: without you nothing changes.",
    ],
    expiresAt,
  });
}
