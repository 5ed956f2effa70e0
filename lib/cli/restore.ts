/** `npm run restore -- file`: puts a backup in place of the SQLite database, while the app is stopped. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { BackupError, own, place, restore } from "../platform/db/backup";
import { reasonOf } from "../platform/db/migrations/migration";
import type { Env } from "../platform/env";
import { secretIn } from "../server/secret";
import { counted, namedPath, now, runOnFile, sqliteFile, writeDraft } from "./files";

await runOnFile("restore", async (given, settings) => {
  const path = sqliteFile(settings, "Restore PostgreSQL with pg_restore: see .github/OPERATING.md.");
  const file = namedPath(given);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const suffix = `before-${now()}`;
  const secret = draftSecret(file, settings, suffix);
  try {
    const { accounts, kept } = await restore(file, path, suffix);
    const former = kept ? `What was there is now ${kept}.` : "There was none before.";
    return `Restored ${file} to ${path}, with ${counted(accounts)}. ${former} ${secret.use()}`;
  } finally {
    secret.remove();
  }
});

/**
 * Emails and codes that waited when the backup was made open with the secret of that time. It is read and written to a
 * draft before the database is replaced, so that what a start would refuse is told while nothing has changed.
 * @throws BackupError when the copy holds no secret, or cannot be read
 */
function draftSecret(file: string, { authSecret, dataDir }: Env, suffix: string) {
  const nothing = (sentence: string) => ({ use: () => sentence, remove: () => {} });
  if (authSecret !== undefined) return nothing("Set AUTH_SECRET to what it was when the backup was made.");
  const [secret, copy] = [join(dataDir, "auth-secret"), `${file}.auth-secret`];
  if (!existsSync(copy)) return nothing(`There is no ${copy}, so the secret stays as it is.`);
  const text = readCopy(copy);
  const isThere = existsSync(secret);
  if (isThere && secretIn(readFileSync(secret)) === text) return nothing("The secret is the same.");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = writeDraft(secret, text);
  own(draft, isThere ? secret : dataDir);
  return {
    use: () => {
      if (isThere) renameSync(secret, `${secret}.${suffix}`);
      place(draft, secret);
      return isThere
        ? `The secret is that of the backup; the other one is now ${secret}.${suffix}.`
        : "So is its secret.";
    },
    remove: () => rmSync(draft, { force: true }),
  };
}

function readCopy(copy: string): string {
  try {
    const text = secretIn(readFileSync(copy));
    if (text !== null) return text;
  } catch (error) {
    throw new BackupError(`Cannot read ${copy}: ${reasonOf(error)}.`, { cause: error });
  }
  throw new BackupError(
    `${copy} holds no secret: put the right one there, or remove it to keep the secret as it is.`,
  );
}
