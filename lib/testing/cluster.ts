import type { TestProject } from "vitest/node";
import { migrate } from "../platform/db/migrations/migrate";
import { startPostgres } from "./postgres";

declare module "vitest" {
  interface ProvidedContext {
    /** A database on the run's own PostgreSQL server, for making others. */
    postgresUrl: string;
    /** The name of a migrated database to copy. */
    postgresTemplate: string;
  }
}

const TEMPLATE = "latchkey_template";

/** Runs once, around all tests on PostgreSQL. */
export default async function startCluster(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  try {
    await migrate(await server.createDatabase(TEMPLATE));
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide("postgresUrl", server.url);
  project.provide("postgresTemplate", TEMPLATE);
  return server.stop;
}
