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
    now: "It logs you in without a password.",
  },
  offered: {
    subject: "Your browser saved a passkey",
    what: "Your browser saved a passkey for your account",
    now: "It did so by itself after a login, so that you can log in without a password next time. If you do not want it, remove it on the page “Passkeys” of your account.",
  },
  removed: {
    subject: "A passkey was removed",
    what: "A passkey of your account was removed",
    now: "It does not log anybody in any more.",
  },
} as const;

/** A passkey was added or removed just now (ASVS v5.0.0-6.3.7). */
export function passkeyChangedEmail(how: keyof typeof CHANGES): Write {
  const { subject, what, now } = CHANGES[how];
  return (to, client, link) =>
    writeEmail({
      to,
      subject,
      before: [
        `${what} at ${env().appName} ${whenAndWhere(client)}. ${now}`,
        "If that was you, there is nothing to do. If it was not:",
      ],
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
      `Somebody tried to log in to your account at ${env().appName} with a copy of one of your passkeys, ${whenAndWhere(client)}. Nobody got in by that.`,
      "A key that counts its uses has counted back: so there are two of it, and one may be in other hands. Log in another way, remove that passkey, and add another one. If you think that somebody has your key:",
    ],
    ...lockButton(link),
    expiresAt: alertEnd(),
  });
