import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, lockButton, whenAndWhere } from "./security-alert";

/** Every one of these goes to the owner of the account. None has a passkey's name: who is logged in can write anything into it. */
type Write = (to: Recipient, client: ClientInfo, link: AlertLink) => Email;

const CHANGES = {
  added: {
    subject: "A passkey was added",
    what: "A passkey was added to your account",
    now: "It logs in without a password.",
    otherwise: "If that was you, there is nothing to do. If it was not:",
  },
  /** No milder than the other: nobody can tell here whose browser it was. */
  offered: {
    subject: "A passkey was added",
    what: "A passkey was added to your account",
    now: "It logs in without a password. A browser saved it by itself, just after a login. You can remove it on the page “Passkeys” of your account.",
    otherwise: "If you logged in then, there is nothing to do. If you did not, somebody else did:",
  },
  removed: {
    subject: "A passkey was removed",
    what: "A passkey of your account was removed",
    now: "It does not log anybody in any more.",
    otherwise: "If that was you, there is nothing to do. If it was not:",
  },
} as const;

/** A passkey was added or removed just now (ASVS v5.0.0-6.3.7). */
export function passkeyChangedEmail(how: keyof typeof CHANGES): Write {
  const { subject, what, now, otherwise } = CHANGES[how];
  return (to, client, link) =>
    writeEmail({
      to,
      subject,
      before: [`${what} at ${env().appName} ${whenAndWhere(client)}. ${now}`, otherwise],
      ...lockButton(link),
      expiresAt: alertEnd(),
    });
}

/** A passkey's count has not gone up since its last use (ASVS v5.0.0-6.3.5). */
export const passkeyCopiedEmail: Write = (to, client, link) =>
  writeEmail({
    to,
    subject: "A copy of your passkey was refused",
    before: [
      `Somebody tried to log in to your account at ${env().appName} with a copy of one of your passkeys, ${whenAndWhere(client)}. That login was refused.`,
      "A key that counts its uses has counted back: so there are two of it, and one may be in other hands. If this was you, the other one may have been let in before: look at the history of your account. Log in another way, and remove the passkey that is marked as copied on the page “Passkeys”: until then it goes on to log in. If you did not try to log in:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
