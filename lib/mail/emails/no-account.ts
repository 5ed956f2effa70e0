import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { routes } from "../../shared/routes";
import { type Email, type Recipient, writeEmail } from "../email";
import { whenAndHow } from "./security-alert";

/** To an address without an account, when someone asked for a new password there; the page looks the same for both. */
export function noAccountEmail(to: Recipient, client: ClientInfo, expiresAt: Date): Email {
  return writeEmail({
    to,
    subject: "There is no account with this address",
    before: [
      `Someone, perhaps you, asked for a new password for this address: ${whenAndHow(client)}. There is no account with it at ${env().appName}.`,
      "If it was you, you may have registered with another address.",
    ],
    button: { label: "Register with this one", path: routes.register },
    after: ["If it was not you, there is nothing to do."],
    expiresAt,
  });
}
