import { env } from "../../platform/env";
import { type WriteAlert, whenAndWhere, writeAlert } from "./security-alert";

interface Words {
  subject: string;
  what: string;
  now: string;
  otherwise?: string;
}

/** None has the passkey's name: who is logged in can write anything into it. */
const CHANGES = {
  added: {
    subject: "A passkey was added",
    what: "A passkey was added to your account",
    now: "It logs in without a password.",
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
  },
} as const satisfies Record<string, Words>;

/** A passkey was added or removed just now (ASVS v5.0.0-6.3.7). */
export function passkeyChangedEmail(how: keyof typeof CHANGES): WriteAlert {
  const { subject, what, now, otherwise }: Words = CHANGES[how];
  return (to, client, link) =>
    writeAlert(to, link, subject, `${what} at ${env().appName} ${whenAndWhere(client)}. ${now}`, otherwise);
}

/** A passkey's count has not gone up since its last use (ASVS v5.0.0-6.3.5). */
export const passkeyCopiedEmail: WriteAlert = (to, client, link) =>
  writeAlert(
    to,
    link,
    "A copy of your passkey was refused",
    `Somebody tried to log in to your account at ${env().appName} with a copy of one of your passkeys, ${whenAndWhere(client)}. That login was refused.`,
    "A key that counts its uses has counted back: so there are two of it, and one may be in other hands. If this was you, the other one may have been let in before: look at the history of your account. Log in another way, and remove the passkey that is marked as copied on the page “Passkeys”: until then it goes on to log in. If you did not try to log in:",
  );
