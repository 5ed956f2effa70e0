/** `npm run db:migrate`: brings the database up to this code, as every start does by itself. */
import { inspect } from "node:util";
import { MigrationError, migrate } from "../platform/db/migrations/migrate";
import { ConfigurationError, readEnv } from "../platform/env";
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
  const isExpected = error instanceof ConfigurationError || error instanceof MigrationError;
  console.error(isExpected ? error.message : withoutSecrets(inspect(error)));
  process.exitCode = 1;
}
