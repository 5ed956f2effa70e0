import { routes } from "../../shared/routes";
import { type Letter, writeLetter } from "../email";

/** To an address with an account, when someone wants it for another one; on the page that looks like any other address. */
export function emailTakenLetter(email: string, expiresAt: Date): Letter {
  return writeLetter({
    to: email,
    subject: "This address has an account already",
    before: [
      "Someone, perhaps you, wanted to use this address for another account here. It belongs to one already, and one account is all it can have.",
      "If it was you, you can log in with it:",
    ],
    button: { label: "Log in", path: routes.login },
    after: ["If it was not you, there is nothing to do: your account is as it was."],
    expiresAt,
  });
}
