import { startPostgres } from "./postgres";
import { startServer } from "./server";
import { announceSites } from "./sites";

/** Starts the app once on each database before the first story; what it returns stops both after the last. */
export default async function startSites(): Promise<() => Promise<void>> {
  const postgres = await startPostgres();
  try {
    // One after the other: the first may have a build to make.
    const onSqlite = await startServer();
    const onPostgres = await startServer({ DATABASE_URL: postgres.url });
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
