import { linkPath } from "../../shared/links";
import { inWords, type Letter, writeLetter } from "../email";

/** To someone whose address is not confirmed yet. The address may be a stranger's: it says nothing they typed. */
export function verifyEmailLetter(
  email: string,
  { token, code, expiresAt }: { token: string; code: string; expiresAt: Date },
): Letter {
  return writeLetter({
    to: email,
    subject: "Confirm your email address",
    before: ["Someone, most likely you, registered here with this address."],
    button: { label: "Confirm this address", path: linkPath("verify-email", token) },
    code: { label: "Or type this code within 10 minutes, where you are asked for it", value: code },
    after: [
      `The link works once, until ${inWords(expiresAt)}, on any device.`,
      "If it was not you, there is nothing to do: without you the address stays unconfirmed.",
    ],
    expiresAt,
  });
}
