import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { explainDatabase } from "../explain";
import type { Patience } from "./migrate";
import {
  endedTransaction,
  type Migration,
  MigrationError,
  type MigrationRow,
  nextMigration,
  reasonOf,
  SELECT_MIGRATIONS,
} from "./migration";

/** How long a connection may take, in milliseconds. */
const CONNECT_WAIT_MS = 10_000;

/** Between two tries to connect, in milliseconds. */
const CONNECT_AGAIN_MS = 250;

/** Errors that pass by themselves while a machine or a network starts. A wrong password or certificate does not. */
const NOT_YET = /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|ENOENT|ETIMEDOUT|57P0|53300|08)/;

/** How long to wait for another starter's migrations before giving up, in milliseconds. */
const LOCK_WAIT_MS = 60_000;

/** The key of Prisma's own advisory lock: its tools wait for us, and we wait for them. */
const LOCK_KEY = 72707369;

/** Prisma's own table, exactly. */
const CREATE_TABLE = `
CREATE TABLE _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`;

const INSERT_ROW = `INSERT INTO _prisma_migrations
  (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES ($1, $2, clock_timestamp(), $3, $4, 1)`;

/**
 * Applies what is missing, each migration in a transaction of its own. The lock among starters belongs to the transaction, as
 * nothing may belong to the connection: the URL may lead to a pooler, which gives each transaction another one.
 */
export async function migratePostgres(
  databaseUrl: string,
  migrations: Migration[],
  patience?: Patience,
): Promise<string[]> {
  const client = await connect(databaseUrl, patience);
  const applied: string[] = [];
  try {
    for (let next = await applyNext(client, migrations); next; next = await applyNext(client, migrations))
      applied.push(next);
    return applied;
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`Cannot migrate ${nameOf(client)}: ${reasonOf(error)}.`, { cause: error });
  } finally {
    await client.end().catch(() => {}); // lets go of the lock; a connection already lost has let go of it too
  }
}

/**
 * A connection for what a start does before the app has a pool.
 * @param patience how long to wait for a server that takes no connections yet; without it one attempt is made
 * @throws MigrationError where there is none
 */
export async function connect(databaseUrl: string, patience?: Patience): Promise<pg.Client> {
  const end = performance.now() + (patience?.ms ?? 0);
  for (let tries = 1; ; tries++, await delay(CONNECT_AGAIN_MS)) {
    const client = makeClient(databaseUrl);
    client.on("error", () => {}); // a lost connection also fails the query under way, which tells the story
    try {
      await client.connect();
      return client;
    } catch (error) {
      const what = `${nameOf(client)}: ${reasonOf(error)}`;
      if (performance.now() < end && NOT_YET.test(String((error as { code?: unknown }).code))) {
        if (tries === 1) patience?.onWait(`Waiting for ${what}.`);
        continue;
      }
      const { advice } = explainDatabase(error, databaseUrl);
      throw new MigrationError(`Cannot reach ${what}; ${advice}.`, { cause: error });
    }
  }
}

/** Reads the files with certificates that the URL names, so it may fail too. */
function makeClient(connectionString: string): pg.Client {
  try {
    return new pg.Client({
      connectionString,
      connectionTimeoutMillis: CONNECT_WAIT_MS,
      application_name: "latchkey-migrate",
    });
  } catch (error) {
    throw new MigrationError(`Cannot use the PostgreSQL database in DATABASE_URL: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

/** Which database, without the password. */
function nameOf(client: pg.Client): string {
  return `the PostgreSQL database "${client.database}" at ${client.host}:${client.port}`;
}

/** Applies one migration and answers its name; null when there is none left. */
async function applyNext(client: pg.Client, migrations: Migration[]): Promise<string | null> {
  await client.query("BEGIN");
  try {
    await lock(client);
    await createTable(client);
    const { rows } = await client.query<MigrationRow>(SELECT_MIGRATIONS); // under the lock, each round anew
    const next = nextMigration(migrations, rows);
    if (next) await apply(client, next);
    await client.query("COMMIT");
    return next?.name ?? null;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** @throws MigrationError when another starter does not let go of the lock */
async function lock(client: pg.Client): Promise<void> {
  try {
    await client.query(`SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
    await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK_KEY]);
    await client.query("SET LOCAL lock_timeout = 0");
  } catch (error) {
    if ((error as pg.DatabaseError).code !== "55P03") throw error; // lock_not_available
    throw new MigrationError(
      `Another process has been migrating ${nameOf(client)} for ${LOCK_WAIT_MS / 1000} seconds; look at what it is doing, then start again.`,
      { cause: error },
    );
  }
}

/** IF NOT EXISTS would ask for the right to create tables even where this one is there. */
async function createTable(client: pg.Client): Promise<void> {
  const { rows } = await client.query("SELECT to_regclass('_prisma_migrations') IS NULL AS missing");
  if (rows[0].missing) await client.query(CREATE_TABLE);
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const startedAt = new Date();
  try {
    // Without parameters it goes by the simple protocol, which takes many statements and answers them one by one.
    const results = [await client.query(sql)].flat();
    if (results.some(({ command }) => command === "COMMIT" || command === "ROLLBACK"))
      throw endedTransaction(name);
    await client.query(INSERT_ROW, [randomUUID(), checksum, name, startedAt]);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`Migration "${name}" failed and was undone: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}
