import { routes } from "../../shared/routes";
import { type Email, writeEmail } from "../email";

/** To an address without an account, when someone asked for a new password there; the page looks the same for both. */
export function noAccountEmail(email: string, expiresAt: Date): Email {
  return writeEmail({
    to: email,
    subject: "There is no account with this address",
    before: [
      "Someone, perhaps you, asked for a new password for this address. There is no account with it here.",
      "If it was you, you may have registered with another address.",
    ],
    button: { label: "Register with this one", path: routes.register },
    after: ["If it was not you, there is nothing to do."],
    expiresAt,
  });
}
