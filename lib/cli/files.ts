/** What `backup` and `restore` have in common. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { BackupError } from "../platform/db/backup";
import { reasonOf } from "../platform/db/migrations/migration";
import { sqlitePath } from "../platform/db/url";
import { ConfigurationError, type Env, readEnv } from "../platform/env";
import { withoutSecrets } from "../platform/settings/redact";
import { ROOT } from "../server/root";
import { loadSettings } from "../server/settings-files";

/** Where the operator is; npm has changed into the checkout. */
const folder = ["backup", "restore"].includes(process.env.npm_lifecycle_event ?? "")
  ? (process.env.INIT_CWD ?? process.cwd())
  : process.cwd();

/** Runs a command that is given one file, with the app's settings, and prints the sentence it answers. */
export async function runOnFile(
  name: string,
  work: (file: string, settings: Env) => string | Promise<string>,
): Promise<void> {
  try {
    const [file, ...rest] = process.argv.slice(2);
    if (!file || rest.length > 0) throw new BackupError(`Usage: npm run ${name} -- <file>`);
    process.umask(0o077);
    process.chdir(ROOT);
    loadSettings(false); // as `npm start` does
    console.log(await work(file, readEnv(process.env)));
  } catch (error) {
    const isExpected = error instanceof BackupError || error instanceof ConfigurationError;
    console.error(isExpected ? error.message : withoutSecrets(inspect(error)));
    process.exitCode = 1;
  }
}

/** The whole path of a file that the operator has named. */
export function namedPath(file: string): string {
  return resolve(folder, file);
}

/** @throws BackupError with what to do instead, where the database is PostgreSQL */
export function sqliteFile({ databaseUrl }: Env, instead: string): string {
  const path = sqlitePath(databaseUrl);
  if (path === null) throw new BackupError(instead);
  return path;
}

/**
 * Writes a secret into a new file beside where it is to be, for its owner alone, and answers that file's name.
 * @throws BackupError when it cannot be written, or something of that name is there already
 */
export function writeDraft(path: string, secret: string | Buffer): string {
  const draft = `${path}.draft-${process.pid}`;
  try {
    writeFileSync(draft, secret, { flag: "wx", mode: 0o600 });
    return draft;
  } catch (error) {
    throw new BackupError(`Cannot write ${draft}: ${reasonOf(error)}.`, { cause: error });
  }
}

/** "1 account", "2 accounts". */
export function counted(accounts: number): string {
  return accounts === 1 ? "1 account" : `${accounts} accounts`;
}

/** This moment in UTC, as part of a file's name: 20261126T033712Z. */
export function now(): string {
  return new Date().toISOString().replace(/[-:]|\.\d+/g, "");
}
