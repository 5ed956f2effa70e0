import { routes } from "../../shared/routes";
import { type Letter, writeLetter } from "../email";

/** To an address nobody has registered, when someone asked for a new password there; on the page both look alike. */
export function noAccountLetter(email: string, expiresAt: Date): Letter {
  return writeLetter({
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
