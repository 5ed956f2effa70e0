/** What the operator can do for one account: `npm run user -- reset-link ada@example.com`. */
import type { AccountFacts } from "../accounts/operator";
import type { OtherWaysIn, SoleWaysIn } from "../accounts/operator-factors";
import { NO_CLIENT } from "../platform/client-info";
import { env, features } from "../platform/env";
import { linkPath } from "../shared/links";
import { listed } from "../shared/words";
import { CommandError, ITS_SETTINGS, runCommand } from "./command";

const COMMANDS = {
  show: showAccount,
  lock: lockAccount,
  unlock: unlockAccount,
  "reset-link": printResetLink,
  keep: keepAccount,
  "reset-factors": resetFactors,
  disconnect: disconnectAccount,
} as const;

/** What ends an owner's lock. */
const NEW_PASSWORD_OPENS = "a new password opens it. Make a link for one with `npm run user -- reset-link`.";

const NEEDS_PASSWORD =
  "it has no password, and nothing logs in: make a link for one with `npm run user -- reset-link`.";

const DISCONNECT = "`npm run user -- disconnect` ends that.";

/** Once a thief who has a connection is out, the owner's new password comes before the end of the lock: any there is may be the thief's. */
const NEW_PASSWORD_LAST = "`reset-link`, and `unlock` once the new password is chosen";

const USAGE = `Usage: npm run user -- ${Object.keys(COMMANDS).join("|")} <email>
       npm run user -- erase <email> <username>`;

/** @throws CommandError when that is none of ours */
function choose([command, ...typed]: string[]): () => Promise<string> {
  const [email, username, ...rest] = typed.map((text) => text.trim());
  if (command === "erase" && email && username && rest.length === 0)
    return () => eraseAccount(email, username);
  const carryOut = Object.entries(COMMANDS).find(([name]) => name === command)?.[1];
  if (!carryOut || !email || username !== undefined) throw new CommandError(USAGE);
  return () => carryOut(email);
}

async function showAccount(email: string): Promise<string> {
  const { findAccountFacts } = await import("../accounts/operator");
  const facts = await findAccountFacts(email);
  if (!facts) throw noAccount(email);
  const { username, createdAt, emailVerified, lockedBy, deleteAt, factors, passkeys, connections } = facts;
  return [
    `${facts.email} has the username ${username} and is registered since ${createdAt.toISOString()}.`,
    emailVerified
      ? `The address was confirmed on ${emailVerified.toISOString()}.`
      : "The address was never confirmed.",
    factors.authenticator
      ? `A login takes a code from an authenticator app, set up on ${factors.authenticator.createdAt.toISOString()}, or one of ${factors.recoveryCodes?.left ?? 0} recovery codes.`
      : "No second factor.",
    ...tellPasskeys(passkeys),
    ...(connections.length > 0
      ? [
          `Logs in with ${listed(connections)} too. Where that may be a thief, the order is \`lock\`, \`disconnect\`, \`reset-factors\`, ${NEW_PASSWORD_LAST}.`,
        ]
      : []),
    lockedBy.length > 0 ? `Locked by ${lockedBy.map((by) => LOCKERS[by]).join(" and by ")}.` : "Not locked.",
    deleteAt
      ? `To be deleted, as its owner asked: it is erased from ${deleteAt.toISOString()} on. \`npm run user -- keep\` keeps it.`
      : "Not to be deleted.",
  ].join("\n");
}

function tellPasskeys({ working, idle }: AccountFacts["passkeys"]): string[] {
  const lines: string[] = [];
  if (working > 0)
    lines.push(`${working === 1 ? "A passkey logs" : `${working} passkeys log`} in without a password.`);
  if (idle > 0)
    lines.push(
      `${idle === 1 ? "A passkey does" : `${idle} passkeys do`} not work here now: passkeys are off, or AUTH_URL has another host. Where a second factor is required, that is one all the same.`,
    );
  return lines;
}

const LOCKERS = { owner: "its owner", operator: "you" } as const;

async function keepAccount(email: string): Promise<string> {
  const { keepAsOperator } = await import("../accounts/operator");
  const outcome = await keepAsOperator(email, NO_CLIENT);
  if (!outcome.ok) throw noAccount(email);
  return outcome.wasLeaving
    ? `${outcome.email} is kept: it is no longer to be deleted.`
    : `${outcome.email} was not to be deleted.`;
}

async function resetFactors(email: string): Promise<string> {
  if (features().mail) await assertOwnerCanBeTold();
  const { resetFactorsAsOperator } = await import("../accounts/operator-factors");
  const outcome = await resetFactorsAsOperator(email, NO_CLIENT);
  if (!outcome.ok) throw noAccount(email);
  const { email: address, hadFactors, left } = outcome;
  const doubt = tellDoubt(left);
  if (!hadFactors) return `${address} had no second factor.${doubt}`;
  return `${address} has no second factor any more, and is logged out everywhere: ${tellSoleWays(left)}${doubt} ${tellTold(outcome)}`;
}

function tellSoleWays({ hasPassword, connections }: SoleWaysIn): string {
  const elsewhere = `an account at ${listed(connections, "or")}`;
  if (hasPassword && connections.length > 0)
    return `the password is enough to log in, and so is ${elsewhere}: ${DISCONNECT}`;
  if (connections.length > 0) return `${elsewhere} is enough to log in: ${DISCONNECT}`;
  return hasPassword ? "the password is enough to log in." : NEEDS_PASSWORD;
}

/** What to do where a connection may be a thief's, who can have been quicker than the next command. */
function tellDoubt({ connections, idleConnections }: SoleWaysIn): string {
  const all = listed([...connections, ...idleConnections]);
  if (all === "") return "";
  const idle = idleConnections.length > 0 ? " logs in, or may again after a change of settings" : " logs in";
  return ` Whoever has the account at ${all} that it is connected with${idle}. If that may be a thief, run \`lock\`, \`disconnect\`, \`reset-factors\` once more, ${NEW_PASSWORD_LAST}: they can have set up something meanwhile, a password too.`;
}

async function disconnectAccount(email: string): Promise<string> {
  if (features().mail) await assertOwnerCanBeTold();
  const { disconnectAsOperator } = await import("../accounts/operator-factors");
  const outcome = await disconnectAsOperator(email, NO_CLIENT);
  if (!outcome.ok) throw noAccount(email);
  if (outcome.ended.length === 0) return `${outcome.email} was not connected with any provider.`;
  const next = tellOtherWays(outcome.left) + (outcome.hasWayIn ? "" : ` Now ${NEEDS_PASSWORD}`);
  return `${outcome.email} is disconnected from ${listed(outcome.ended)}, and logged out everywhere.${next} ${tellTold(outcome)}`;
}

function tellOtherWays({ hasPassword, passkeyAt, appAt }: OtherWaysIn): string {
  const factors = [
    ...(passkeyAt ? [`a passkey, the newest of ${passkeyAt.toISOString()}`] : []),
    ...(appAt ? [`an authenticator app of ${appAt.toISOString()}`] : []),
  ].join(", and ");
  const ends = factors ? ` It still has ${factors}: \`npm run user -- reset-factors\` ends that.` : "";
  return hasPassword ? `${ends} Its password still works: \`reset-link\` is for another one.` : ends;
}

function tellTold({ isTold }: { isTold: boolean }): string {
  return isTold
    ? "The owner gets an email."
    : "No email goes out, so tell the owner yourself: this command has no SMTP_URL, or the address was never confirmed.";
}

async function eraseAccount(email: string, username: string): Promise<string> {
  const { eraseAsOperator } = await import("../accounts/operator");
  const outcome = await eraseAsOperator(email, username);
  if (!outcome.ok && outcome.reason === "no-account") throw noAccount(email);
  if (!outcome.ok)
    throw new CommandError(`${email} has another username than ${username}: nothing was erased.`);
  return `${outcome.email} is erased, with everything that was kept about it. Its history stays and names nobody.`;
}

async function lockAccount(email: string): Promise<string> {
  const { lockAsOperator } = await import("../accounts/operator");
  const outcome = await lockAsOperator(email, NO_CLIENT);
  if (!outcome.ok) throw noAccount(email);
  const stays = outcome.wasLeaving ? " It was to be deleted, and stays." : "";
  return `${outcome.email} is locked and logged out everywhere.${stays} Only \`npm run user -- unlock\` opens it again.`;
}

async function unlockAccount(email: string): Promise<string> {
  const { unlockAsOperator } = await import("../accounts/operator");
  const outcome = await unlockAsOperator(email, NO_CLIENT);
  if (!outcome.ok && outcome.reason === "no-account") throw noAccount(email);
  if (!outcome.ok) throw new CommandError(`${outcome.email} was locked by its owner: ${NEW_PASSWORD_OPENS}`);
  if (outcome.isLockedByOwner)
    return `${outcome.email} is no longer locked by you. Its owner locked it too: ${NEW_PASSWORD_OPENS}`;
  if (outcome.endedLock) return `${outcome.email} can log in again: it is no longer locked.`;
  return outcome.forgotFailures
    ? `${outcome.email} can log in again: its failed logins are forgotten.`
    : `${outcome.email} was not locked: it has no failed logins.`;
}

async function printResetLink(email: string): Promise<string> {
  const origin = await siteOrigin();
  const { makeResetLink } = await import("../accounts/operator");
  const outcome = await makeResetLink(email, NO_CLIENT);
  if (!outcome.ok) throw noAccount(email);
  const { token, expiresAt } = outcome.link;
  const link = origin + linkPath("reset-password", token);
  return `${outcome.email} can choose a new password here, once, until ${expiresAt.toISOString()}:\n${link}`;
}

/**
 * Who gets an email with a link must get one that leads to the site, and that the site can open.
 * @throws CommandError where that cannot be
 */
async function assertOwnerCanBeTold(): Promise<void> {
  const { publicUrl, authSecret } = env();
  if (authSecret === undefined || (await siteOrigin()) !== publicUrl.origin)
    throw new CommandError(
      `The owner is to get an email, which takes AUTH_SECRET and AUTH_URL: ${ITS_SETTINGS}. Nothing was changed.`,
    );
}

/**
 * Where the site is: where it last started. A link that leads anywhere else would hand its secret to whoever is there.
 * @throws CommandError where that is unknown, or other than AUTH_URL says
 */
async function siteOrigin(): Promise<string> {
  const { lastOrigin } = await import("../accounts/operator");
  const [started, isSet] = [await lastOrigin(), (process.env.AUTH_URL ?? "").trim() !== ""];
  const { origin } = env().publicUrl;
  if (started === null && !isSet)
    throw new CommandError(`Where the site is cannot be told: AUTH_URL is not set here; ${ITS_SETTINGS}.`);
  if (started !== null && isSet && started !== origin)
    throw new CommandError(
      `The site last started at ${started}, and AUTH_URL is ${origin} here: ${ITS_SETTINGS}, or restart the site first.`,
    );
  return started ?? origin;
}

function noAccount(email: string): CommandError {
  return new CommandError(`No account has the address ${email}.`);
}

await runCommand(choose);
