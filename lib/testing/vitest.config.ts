import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("../..", import.meta.url));

const tests = "{app,components,lib,prisma}/**/*.test.{ts,tsx}";
const databaseTests = "{app,components,lib,prisma}/**/*.db.test.{ts,tsx}";

const startAfresh = "lib/testing/start-afresh.ts";
const rememberHashes = "lib/testing/remember-hashes.ts";

/**
 * Three projects. What touches the database is called *.db.test.ts and runs on both, each file with a fresh migrated
 * database of its own; everything else runs once and is given none.
 */
export default defineConfig({
  root,
  resolve: {
    alias: [
      { find: "server-only", replacement: `${root}node_modules/server-only/empty.js` },
      { find: /^@\//, replacement: root },
    ],
  },
  test: {
    env: { LOG_LEVEL: "silent" },
    pool: "forks", // native modules and worker threads
    isolate: false, // a process for many files: `start-afresh.ts` keeps them apart
    sequence: { setupFiles: "list" },
    setupFiles: [startAfresh],
    maxWorkers: 4, // twice what a small machine has cores: tests that wait for a process or an email leave them idle
    testTimeout: 120_000, // generous, for a busy machine: a test that passes waits for none of this
    hookTimeout: 120_000,
    globalSetup: "lib/testing/folder.ts",
    projects: [
      { extends: true, test: { name: "unit", include: [tests], exclude: [databaseTests] } },
      {
        extends: true,
        test: {
          name: "sqlite",
          include: [databaseTests],
          setupFiles: [startAfresh, "lib/testing/on-sqlite.ts", rememberHashes],
        },
      },
      {
        extends: true,
        test: {
          name: "postgres",
          include: [databaseTests],
          globalSetup: "lib/testing/cluster.ts",
          setupFiles: [startAfresh, "lib/testing/on-postgres.ts", rememberHashes],
        },
      },
    ],
  },
});
