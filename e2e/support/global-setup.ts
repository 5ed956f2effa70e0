import { startPostgres } from "../../lib/testing/postgres";
import { removeFolder, temporaryFolder } from "../../lib/testing/temporary-folder";
import { buildAmongCanaries } from "./build";
import { collectIn, endCollecting, findLeaks } from "./secrets";
import { type AppServer, type Settings, startServer } from "./server";
import { announceSites, type SiteKind } from "./sites";

/**
 * Starts the app once on each database and under each server before the first story; what it returns stops both after the last, and fails the
 * run when any server of any story has printed a secret (ASVS v5.0.0-16.2.5).
 */
export default async function startSites(): Promise<() => Promise<void>> {
  const undo: (() => Promise<void>)[] = [];
  const stopSites = async () => {
    for (const step of undo.reverse()) await step();
  };
  const start = async (kind: SiteKind, settings: Settings = {}): Promise<[SiteKind, AppServer]> => {
    const server = await startServer(settings, kind);
    undo.push(() => removeFolder(server.dataDir));
    undo.push(server.stop);
    return [kind, server];
  };
  if (!process.env.JITI_FS_CACHE) {
    const cache = await temporaryFolder("jiti");
    process.env.JITI_FS_CACHE = cache; // as `e2e/run.ts` does for the whole proof
    undo.push(() => removeFolder(cache));
  }
  const traces = await temporaryFolder("traces");
  collectIn(traces);
  undo.push(() =>
    expectNoLeaks(traces)
      .finally(endCollecting)
      .finally(() => removeFolder(traces)),
  );
  try {
    await buildAmongCanaries();
    const { url, stop } = await startPostgres();
    undo.push(stop);
    announceSites([
      await start({ serverKind: "own", databaseKind: "sqlite" }),
      await start({ serverKind: "own", databaseKind: "postgres" }, { DATABASE_URL: url }),
      await start({ serverKind: "next", databaseKind: "sqlite" }),
      await start({ serverKind: "standalone", databaseKind: "sqlite" }),
    ]);
    return stopSites;
  } catch (error) {
    await stopSites();
    throw error;
  }
}

async function expectNoLeaks(traces: string): Promise<void> {
  const { leaks, lines, secrets } = findLeaks(traces);
  if (leaks.length > 0) throw new Error(`Secrets in what the servers printed:\n${leaks.join("\n")}`);
  console.log(`None of ${secrets} secrets is in the ${lines} lines that the servers printed.`);
}
