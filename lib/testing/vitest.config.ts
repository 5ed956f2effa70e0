import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("../..", import.meta.url));

const folders = ["app", "components", "lib", "prisma"];
const tests = `{${folders}}/**/*.test.{ts,tsx}`;
const databaseTests = `{${folders}}/**/*.db.test.{ts,tsx}`;

/** Files of which PostgreSQL would run no test: they import `itOnce` as their `it`. */
const onSqliteAlone = folders
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, String(name))),
  )
  .filter(
    (path) =>
      /\.db\.test\.tsx?$/.test(path) && readFileSync(join(root, path), "utf8").includes("itOnce as it "),
  )
  .map((path) => path.replace(/[()[\]]/g, "\\$&")); // a pattern, and these are in the names of Next's folders

const startAfresh = "lib/testing/start-afresh.ts";
const rememberHashes = "lib/testing/remember-hashes.ts";

/**
 * Three projects. What touches the database is called *.db.test.ts, and each file has a fresh migrated database of its
 * own: SQLite runs all of it, PostgreSQL what is not `itOnce`. Everything else runs once and is given none.
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
          exclude: onSqliteAlone,
          globalSetup: "lib/testing/cluster.ts",
          setupFiles: [startAfresh, "lib/testing/on-postgres.ts", rememberHashes],
        },
      },
    ],
  },
});
