import { describe, it } from "vitest";
import { runsOn } from "./database";

const isOnSqlite = runsOn() === "sqlite";

/**
 * A test on SQLite alone: one in whose place PostgreSQL could give no other answer. Plain `it` runs on both: races and
 * locks, what comes in between, what is rolled back, unique columns, raw SQL and what it counts, moments, letter case, what
 * goes with a row, migrations, errors, and the main path of each verb. Any other query is put to both by
 * `query-plans.db.test.ts`, which walks every query of the app. A file of such tests alone imports it `as it`, and is not
 * even opened on PostgreSQL.
 */
export const itOnce = it.runIf(isOnSqlite);

/** A `describe` of such tests. */
export const describeOnce = describe.runIf(isOnSqlite);
