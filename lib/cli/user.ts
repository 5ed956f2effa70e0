/** What the operator can do for one account: `npm run user -- reset-link ada@example.com`. */
import { existsSync } from "node:fs";
import { inspect } from "node:util";
import { NO_CLIENT } from "../platform/client-info";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { sqlitePath } from "../platform/db/url";
import { ConfigurationError, env } from "../platform/env";
import { withoutSecrets } from "../platform/settings/redact";
import { ROOT } from "../server/root";
import { loadSettings } from "../server/settings-files";
import { linkPath } from "../shared/links";

const COMMANDS = { lock: lockAccount, unlock: unlockAccount, "reset-link": printResetLink } as const;

/** What ends an owner's lock. */
const NEW_PASSWORD_OPENS = "a new password opens it. Make a link for one with `npm run user -- reset-link`.";

/** How a command has the settings of the app. */
const ITS_SETTINGS =
  "run this as the user of the service and with its settings, as OPERATING.md shows under Accounts";

const USAGE = `Usage: npm run user -- ${Object.keys(COMMANDS).join("|")} <email>`;

/** Something the operator can put right. The message is one sentence that says what. */
class CommandError extends Error {
  override name = "CommandError";
}

/** Carries a command out and answers the sentence to print. @throws CommandError and ConfigurationError */
async function run([command, email, ...rest]: string[]): Promise<string> {
  const carryOut = Object.entries(COMMANDS).find(([name]) => name === command)?.[1];
  if (!carryOut || !email || rest.length > 0) throw new CommandError(USAGE);
  process.chdir(ROOT);
  loadSettings(false); // as `npm start` does
  process.env.LOG_LEVEL = "silent"; // the operator waits for one sentence; the account's history has the event
  assertDatabaseExists();
  // Loaded only now: the client looks at the environment while loading.
  const { db } = await import("../platform/db");
  try {
    return await carryOut(email.trim());
  } finally {
    await db.$disconnect();
  }
}

async function lockAccount(email: string): Promise<string> {
  const { lockAsOperator } = await import("../accounts/operator");
  const outcome = await lockAsOperator(email, NO_CLIENT);
  if (!outcome.ok) throw noAccount(email);
  return `${outcome.email} is locked and logged out everywhere. Only \`npm run user -- unlock\` opens it again.`;
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

/** SQLite would make a new, empty file. */
function assertDatabaseExists(): void {
  const path = sqlitePath(env().databaseUrl);
  if (path !== null && !existsSync(path))
    throw new CommandError(
      `There is no database at ${path}: check DATABASE_URL and DATA_DIR, and ${ITS_SETTINGS}.`,
    );
}

/** True where a table (P2021) or a column (P2022) is not there yet. */
function isOlderDatabase(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["P2021", "P2022"].includes(String(error.code));
}

try {
  console.log(await run(process.argv.slice(2)));
} catch (error) {
  const isExpected = error instanceof CommandError || error instanceof ConfigurationError;
  if (isDatabaseUnavailable(error)) console.error("The database does not answer: check DATABASE_URL.");
  else if (isOlderDatabase(error))
    console.error(
      "The database is older than this code: start the site, or run `npm run db:migrate`, first.",
    );
  else console.error(isExpected ? error.message : withoutSecrets(inspect(error)));
  process.exitCode = 1;
}
