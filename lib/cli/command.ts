/** What the commands on the database have in common: settings, a database that is there, and one sentence for the operator. */
import { existsSync } from "node:fs";
import { inspect } from "node:util";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { sqlitePath } from "../platform/db/url";
import { ConfigurationError, env, readEnv } from "../platform/env";
import { withoutSecrets } from "../platform/settings/redact";
import { ROOT } from "../server/root";
import { findKeptSecret } from "../server/secret";
import { loadSettings } from "../server/settings-files";

/** How a command has the settings of the app. */
export const ITS_SETTINGS =
  "run this as the user of the service and with its settings, as OPERATING.md shows under Accounts";

/** Something the operator can put right. The message is one sentence that says what. */
export class CommandError extends Error {
  override name = "CommandError";
}

/**
 * Carries a command out and prints its sentence; what went wrong goes to standard error, with exit code 1.
 * @param choose answers by its arguments what to do. That loads what it needs of the app by itself: the database's client
 *   looks at the environment while loading
 */
export async function runCommand(choose: (args: string[]) => () => Promise<string>): Promise<void> {
  try {
    console.log(await withDatabase(choose(process.argv.slice(2))));
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
}

async function withDatabase(carryOut: () => Promise<string>): Promise<string> {
  process.chdir(ROOT);
  loadSettings(false); // as `npm start` does
  const { authSecret, dataDir } = readEnv(process.env);
  const kept = authSecret === undefined ? findKeptSecret(dataDir) : null;
  if (kept !== null) process.env.AUTH_SECRET = kept; // emails are encrypted with it
  process.env.LOG_LEVEL = "silent"; // the operator waits for one sentence; the account's history has the event
  assertDatabaseExists();
  const { db } = await import("../platform/db");
  try {
    return await carryOut();
  } finally {
    await db.$disconnect();
  }
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
