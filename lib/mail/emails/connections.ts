import { env } from "../../platform/env";
import { formatMoment } from "../../shared/moment";
import { listed } from "../../shared/words";
import { type WriteAlert, whenAndWhere, writeAlert } from "./security-alert";

const CHANGES = {
  added: {
    subject: "Another way to log in was connected",
    what: (site: string, label: string) =>
      `Your account at ${site} was connected with an account at ${label}`,
    now: "Whoever can log in there can log in here.",
  },
  registered: {
    subject: "An account was registered with your address",
    what: (site: string, label: string) =>
      `An account at ${site} was registered with your address and an account at ${label}`,
    now: "Whoever can log in there can log in here.",
  },
  "taken-over": {
    subject: "The account with your address was taken over",
    what: (site: string, label: string) =>
      `The account at ${site} with your address, which nobody had confirmed, was taken over with an account at ${label}`,
    now: "Its password and all else that was set in it have ended. Whoever can log in there can log in here.",
  },
  removed: {
    subject: "A way to log in was disconnected",
    what: (site: string, label: string) => `Your account at ${site} was disconnected from ${label}`,
    now: "An account there does not log anybody in here any more.",
  },
} as const;

/**
 * A connection was added or removed just now, or an account made by one (ASVS v5.0.0-6.3.7).
 * @param label what the settings call the provider
 */
export function connectionChangedEmail(how: keyof typeof CHANGES, label: string): WriteAlert {
  const { subject, what, now } = CHANGES[how];
  return (to, client, link) =>
    writeAlert(to, link, subject, `${what(env().appName, label)} ${whenAndWhere(client)}. ${now}`);
}

/**
 * The people who run the site have ended the connections.
 * @param labels what the settings call the providers
 * @param hasWayIn false where nothing else logs in
 * @param left what the account still has; null: not that
 */
export function connectionsEndedEmail(
  labels: string[],
  hasWayIn: boolean,
  { hasPassword, passkeyAt, appAt }: { hasPassword: boolean; passkeyAt: Date | null; appAt: Date | null },
): WriteAlert {
  const left = [
    ...(hasPassword ? ["a password"] : []),
    ...(passkeyAt ? [`a passkey, the newest added on ${formatMoment(passkeyAt)}`] : []),
    ...(appAt ? [`an authenticator app, set up on ${formatMoment(appAt)}`] : []),
  ].join("; ");
  const next = hasWayIn
    ? "log in with what you have. If any of that is not yours, ask them to end it too"
    : "choose a password: the login page sends you a link";
  return (to, _client, link) =>
    writeAlert(
      to,
      link,
      "Your account was disconnected",
      [
        `The people who run ${env().appName} disconnected your account from ${listed(labels)}, and logged it out everywhere. An account there does not log anybody in here any more.`,
        ...(left ? [`Your account still has ${left}.`] : []),
      ],
      `If you asked them to, ${next}. If you did not:`,
    );
}
