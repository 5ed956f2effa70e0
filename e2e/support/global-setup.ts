import { startPostgres } from "./postgres";
import { type AppServer, removeFolder, type Settings, startServer } from "./server";
import { announceSites } from "./sites";

/** Starts the app once on each database before the first story; what it returns stops both after the last. */
export default async function startSites(): Promise<() => Promise<void>> {
  const undo: (() => Promise<void>)[] = [];
  const stopSites = async () => {
    for (const step of undo.reverse()) await step();
  };
  const start = async (settings: Settings): Promise<AppServer> => {
    const server = await startServer(settings);
    undo.push(() => removeFolder(server.dataDir));
    undo.push(server.stop);
    return server;
  };
  try {
    const { url, stop } = await startPostgres();
    undo.push(stop);
    // One after the other: the first may have a build to make.
    announceSites({ sqlite: await start({}), postgres: await start({ DATABASE_URL: url }) });
    return stopSites;
  } catch (error) {
    await stopSites();
    throw error;
  }
}
