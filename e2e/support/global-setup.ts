import { startPostgres } from "./postgres";
import { startServer } from "./server";
import { announceSites } from "./sites";

/** Starts the app once on each database before the first story; what it returns stops both after the last. */
export default async function startSites(): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  try {
    const [onSqlite, onPostgres] = await Promise.all([
      startServer(),
      startServer({ DATABASE_URL: postgres.url }),
    ]);
    announceSites({ sqlite: onSqlite, postgres: onPostgres });
    return async () => {
      await Promise.all([onSqlite.stop(), onPostgres.stop()]);
      await postgres.stop();
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
