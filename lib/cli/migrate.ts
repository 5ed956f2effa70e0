/** `npm run db:migrate`: brings the database up to this code, as every start does by itself. */
import nextEnv from "@next/env";
import { migrate } from "../platform/db/migrations/migrate";
import { readEnv } from "../platform/env";
import { ROOT } from "../server/root";

try {
  process.chdir(ROOT);
  nextEnv.loadEnvConfig(ROOT, false, { info: () => {}, error: console.error }); // as `npm start` does
  const applied = await migrate(readEnv(process.env).databaseUrl);
  for (const name of applied) console.log(`Applied migration ${name}`);
  if (applied.length === 0) console.log("The database has every migration.");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
