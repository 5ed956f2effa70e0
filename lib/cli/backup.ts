/** `npm run backup -- file`: a copy of the SQLite database, while the app runs or not. A folder gets a file named by the time. */
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { BackupError, backUp, place } from "../platform/db/backup";
import { counted, namedPath, now, runOnFile, sqliteFile, writeDraft } from "./files";

await runOnFile("backup", (given, settings) => {
  const path = sqliteFile(settings, "Back PostgreSQL up with pg_dump -Fc: see .github/OPERATING.md.");
  const named = namedPath(given);
  const isFolder = existsSync(named) && statSync(named).isDirectory();
  const file = isFolder ? join(named, `latchkey-${now()}.db`) : named;

  const secret = join(settings.dataDir, "auth-secret");
  const hasSecret = settings.authSecret === undefined && existsSync(secret);
  const secretCopy = `${file}.auth-secret`;
  if (hasSecret && existsSync(secretCopy))
    throw new BackupError(`${secretCopy} is there already: name another file.`);
  const accounts = backUp(path, file);
  if (hasSecret) {
    const draft = writeDraft(secretCopy, readFileSync(secret));
    try {
      place(draft, secretCopy);
    } finally {
      rmSync(draft, { force: true });
    }
  }
  const kept = hasSecret ? `${secretCopy} has the secret.` : "Keep AUTH_SECRET with it.";
  return `Backed up ${path} to ${file}, with ${counted(accounts)}. ${kept}`;
});
