import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { RECOVERY_CODES_FEW } from "../../shared/two-factor";
import { listed } from "../../shared/words";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type AlertLink, type WriteAlert, whenAndWhere, writeAlert } from "./security-alert";

const CHANGES = {
  added: {
    subject: "An authenticator app was set up",
    what: "An authenticator app was set up for your account",
    now: "From now on a login takes a code from it, beside the password.",
  },
  replaced: {
    subject: "Your authenticator app was replaced",
    what: "The authenticator app of your account was replaced by another one",
    now: "Codes from the former one do not work any more.",
  },
  removed: {
    subject: "Your authenticator app was removed",
    what: "The authenticator app of your account was removed, with its recovery codes,",
    now: "A login takes no code any more.",
  },
} as const;

/** An authenticator app was set up, replaced or removed just now (ASVS v5.0.0-6.3.7). */
export function authenticatorChangedEmail(how: keyof typeof CHANGES): WriteAlert {
  const { subject, what, now } = CHANGES[how];
  return (to, client, link) =>
    writeAlert(to, link, subject, `${what} at ${env().appName} ${whenAndWhere(client)}. ${now}`);
}

/** New recovery codes were made just now. */
export const recoveryCodesMadeEmail: WriteAlert = (to, client, link) =>
  writeAlert(
    to,
    link,
    "New recovery codes were made",
    `New recovery codes for your account at ${env().appName} were made ${whenAndWhere(client)}. The former ones do not work any more.`,
  );

/** A recovery code was used just now. @param left how many are left */
export function recoveryCodeUsedEmail(left: number): WriteAlert {
  return (to, client, link) =>
    writeAlert(
      to,
      link,
      left > RECOVERY_CODES_FEW
        ? "A recovery code was used"
        : `A recovery code was used: ${inWords(left)} left`,
      `A recovery code of your account at ${env().appName} was used ${whenAndWhere(client)}. ${leftInWords(left)}`,
    );
}

/**
 * How somebody came as far as the second factor, and what an owner is to do who was not that.
 * @param provider null: by the password
 */
function firstStep(provider: string | null): { did: string; subject: string; otherwise: string } {
  const { appName } = env();
  return provider === null
    ? {
        did: `typed the password of your account at ${appName}`,
        subject: "Your password was typed, and no second factor",
        otherwise: "somebody knows your password:",
      }
    : {
        did: `came as far as the second factor of your account at ${appName} by way of ${provider}`,
        subject: `A login by way of ${provider}, and no second factor`,
        otherwise: `somebody can log in to the account at ${provider} that yours is connected with: secure it there, or, if you have another way to log in, disconnect it on the page “Connections” of your account. Until then, lock your account:`,
      };
}

/**
 * Wrong codes were typed behind a right first proof (ASVS v5.0.0-6.3.5).
 * @param provider by which that was; null: by the password
 */
export function wrongCodesEmail(provider: string | null): WriteAlert {
  const { did, otherwise } = firstStep(provider);
  return (to, client, link) =>
    writeAlert(
      to,
      link,
      "Wrong codes were typed for your account",
      `Somebody ${did} and then typed several wrong codes, the last one ${whenAndWhere(client)}. Nobody got in by that.`,
      `If that was you, use a recovery code, or wait and type the code that your app shows then. If it was not, ${otherwise}`,
    );
}

/**
 * The first proof of a login was right, and no second one came (ASVS v5.0.0-6.3.5).
 * @param provider by which that was; null: by the password
 * @param client its browser; null: it may be any of several
 */
export function halfDoneLoginEmail(
  provider: string | null,
  to: Recipient,
  client: ClientInfo | null,
  link: AlertLink,
): Email {
  const { did, subject, otherwise } = firstStep(provider);
  return writeAlert(
    to,
    link,
    subject,
    `Somebody ${did} ${client ? whenAndWhere(client) : "lately"}, and went no further: the login waited for a second factor and ended. Nobody got in by that.${client ? "" : " The history of your account says when and where."}`,
    `If that was you, there is nothing to do. If it was not, ${otherwise}`,
  );
}

/**
 * The people who run the site have removed the second factors.
 * @param left what logs in by itself now, or may again (`idleConnections`); connections are what the settings call the providers
 */
export function factorsResetEmail(left: {
  hasPassword: boolean;
  connections: string[];
  idleConnections: string[];
}): WriteAlert {
  const { connections, idleConnections } = left;
  const connected = `an account at ${listed(connections, "or")} that is connected with yours`;
  const ways = [left.hasPassword && "your password alone", connections.length > 0 && connected]
    .filter((each) => each !== false)
    .join(", or ");
  const now = ways
    ? `A login takes ${ways}.`
    : "To log in, choose a password: the login page sends you a link.";
  const idle =
    idleConnections.length > 0
      ? ` Your account is connected with one at ${listed(idleConnections)} too, which may log in again.`
      : "";
  const look =
    connections.length + idleConnections.length > 0
      ? ", look at the page “Connections”, disconnect any that is not yours, and"
      : " and";
  return (to, _client, link) =>
    writeAlert(
      to,
      link,
      "Your second factors were removed",
      `The people who run ${env().appName} removed your authenticator app, your recovery codes and your passkeys, whichever of them you had, and logged your account out everywhere. ${now}${idle}`,
      `If you asked them to, log in${look} set up anew what you want. If you did not:`,
    );
}

/** What was added since something that the owner had no part in has ended. They know: they have just locked the account. */
export function factorsEndedEmail(
  to: Recipient,
  ended: { app: boolean; codes: boolean; passkeys: boolean; connections: boolean },
  left: { app: boolean; codes: boolean; passkeys: boolean; connections: boolean },
): Email {
  const still = listed([
    left.app && "the authenticator app",
    left.codes && "recovery codes",
    left.passkeys && "passkeys",
    left.connections && "connections to providers",
  ]);
  const what = listed([
    ended.app && "the authenticator app",
    ended.codes && "the recovery codes",
    ended.passkeys && "the passkeys",
    ended.connections && "the connections to providers",
  ]);
  return writeEmail({
    to,
    subject: "What was added to your account is gone",
    before: [
      `You said that something at ${env().appName} was not you. So what was added to your account since then does not work any more: ${what}.`,
      "If some of it was yours, set it up anew once you have chosen a new password.",
      still === ""
        ? "Your account has no second factor now, and no passkey."
        : `What was there before still works: ${still}.${left.app || (left.passkeys && env().requireTwoFactor) ? "" : " A login by password takes no code."}`,
    ],
    after: [],
    expiresAt: alertEnd(),
  });
}

function leftInWords(left: number): string {
  const many = `${left === 0 ? "None is" : left === 1 ? "One is" : `${left} are`} left.`;
  return left > RECOVERY_CODES_FEW
    ? many
    : `${many} Make new ones soon, on the page “Two-factor” of your account.`;
}

function inWords(left: number): string {
  return left === 0 ? "none" : String(left);
}
