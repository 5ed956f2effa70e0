import { env } from "../../platform/env";
import { formatMoment } from "../../shared/moment";
import { type WriteAlert, whenAndWhere, writeAlert } from "./security-alert";

/** What is said about a new password, by how the account got it. */
const WORDS = {
  /** By a link, in a browser that is not logged in by it. */
  reset: {
    subject: "Your password was changed",
    what: (site: string) => `The password of your account at ${site} was changed`,
    devices: "All devices have been logged out.",
    otherwise: "If it was not, make sure that no one else reads your email, and then:",
  },
  /** By someone logged in who knew the former one. */
  changed: {
    subject: "Your password was changed",
    what: (site: string) => `The password of your account at ${site} was changed`,
    devices: "All other devices have been logged out.",
    otherwise: "If it was not, someone knew your former password:",
  },
  /** By someone logged in to an account that had none. */
  set: {
    subject: "Your account has a password now",
    what: (site: string) => `A password was set for your account at ${site}, which had none,`,
    devices: "All other devices have been logged out.",
    otherwise: "If it was not:",
  },
} as const;

const FACTOR_STAYS =
  "A new password ends no second factor: a login by password is asked for it as before. Look at it on the page “Two-factor”, and replace it if it is not yours.";

const PASSKEYS_STAY =
  "A new password ends no passkey: those of your account still log in, or may again. Look at them on the page “Passkeys”, and remove any that is not yours.";

const CONNECTIONS_STAY =
  "A new password ends no connection with a provider: accounts elsewhere that are connected with yours still log in, or may again. Look at them on the page “Connections”, and disconnect any that is not yours.";

/**
 * To the owner of an account that got a new password just now (ASVS v5.0.0-6.3.7).
 * @param left what else it has: it logs in as before, or may again after a change of settings
 * @param deleteAt when the account would have been erased, where it stays by that; null: it was not to be deleted
 */
export function passwordChangedEmail(
  how: keyof typeof WORDS,
  left: { hasSecondFactor: boolean; hasPasskeys: boolean; hasConnections: boolean },
  deleteAt: Date | null = null,
): WriteAlert {
  return (to, client, link) => {
    const { subject, what, devices, otherwise } = WORDS[how];
    const stays = deleteAt ? ` Your account was to be deleted on ${formatMoment(deleteAt)}, and stays.` : "";
    const stay = [
      ...(left.hasSecondFactor ? [FACTOR_STAYS] : []),
      ...(left.hasPasskeys ? [PASSKEYS_STAY] : []),
      ...(left.hasConnections ? [CONNECTIONS_STAY] : []),
    ];
    return writeAlert(
      to,
      link,
      subject,
      [`${what(env().appName)} ${whenAndWhere(client)}. ${devices}${stays}`, ...stay],
      `If that was you, there is nothing ${stay.length > 0 ? "more " : ""}to do. ${otherwise}`,
    );
  };
}
