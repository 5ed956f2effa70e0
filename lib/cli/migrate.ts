/** `npm run db:migrate`: brings the database up to this code, as every start does by itself. */
import { migrate } from "../platform/db/migrations/migrate";
import { readEnv } from "../platform/env";
import { withoutSecrets } from "../platform/settings/redact";
import { ROOT } from "../server/root";
import { loadSettings } from "../server/settings-files";

try {
  process.chdir(ROOT);
  loadSettings(false); // as `npm start` does
  const applied = await migrate(readEnv(process.env).databaseUrl);
  for (const name of applied) console.log(`Applied migration ${name}`);
  if (applied.length === 0) console.log("The database has every migration.");
} catch (error) {
  console.error(withoutSecrets(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}
