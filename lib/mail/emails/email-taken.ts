import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { routes } from "../../shared/routes";
import { type Email, type Recipient, writeEmail } from "../email";
import { whenAndHow } from "./security-alert";

/** To an address with an account, when someone asked for it at another account; the page looks the same for every address. */
export function emailTakenEmail(to: Recipient, client: ClientInfo, expiresAt: Date): Email {
  return writeEmail({
    to,
    subject: "This address has an account already",
    before: [
      `Someone, perhaps you, wanted to use this address for another account at ${env().appName}: ${whenAndHow(client)}. It belongs to an account already, and an address can have only one.`,
      "If it was you, you can log in with it:",
    ],
    button: { label: "Log in", path: routes.login },
    after: ["If it was not you, there is nothing to do: your account is as it was."],
    expiresAt,
  });
}
