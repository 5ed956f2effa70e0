/** `npm run restore -- file`: puts a backup in place of the SQLite database, while the app is stopped. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { own, place, restore } from "../platform/db/backup";
import type { Env } from "../platform/env";
import { counted, namedPath, now, runOnFile, sqliteFile } from "./files";

await runOnFile("restore", async (given, settings) => {
  const path = sqliteFile(settings, "Restore PostgreSQL with pg_restore: see .github/OPERATING.md.");
  const file = namedPath(given);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const suffix = `before-${now()}`;
  const { accounts, kept } = await restore(file, path, suffix);
  const former = kept ? `What was there is now ${kept}.` : "There was none before.";
  return `Restored ${file} to ${path}, with ${counted(accounts)}. ${former} ${restoreSecret(file, settings, suffix)}`;
});

/** Emails and codes that waited when the backup was made open with the secret of that time. */
function restoreSecret(file: string, { authSecret, dataDir }: Env, suffix: string): string {
  if (authSecret !== undefined) return "Set AUTH_SECRET to what it was when the backup was made.";
  const [secret, copy] = [join(dataDir, "auth-secret"), `${file}.auth-secret`];
  if (!existsSync(copy)) return `There is no ${copy}, so the secret stays as it is.`;
  const isThere = existsSync(secret);
  if (isThere && readFileSync(secret, "utf8") === readFileSync(copy, "utf8"))
    return "The secret is the same.";
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${secret}.draft-${process.pid}`;
  copyFileSync(copy, draft);
  own(draft, isThere ? secret : dataDir);
  if (isThere) renameSync(secret, `${secret}.${suffix}`);
  place(draft, secret);
  return isThere
    ? `The secret is that of the backup; the other one is now ${secret}.${suffix}.`
    : "So is its secret.";
}
