import { randomUUID } from "node:crypto";
import pg from "pg";
import {
  endedTransaction,
  type Migration,
  MigrationError,
  type MigrationRow,
  nextMigration,
  reasonOf,
} from "./migration";

/** How long to wait for the server to answer at all, in milliseconds. */
const CONNECT_WAIT_MS = 10_000;

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

const SELECT_ROWS =
  "SELECT migration_name, checksum, finished_at, rolled_back_at FROM _prisma_migrations ORDER BY started_at";

const INSERT_ROW = `INSERT INTO _prisma_migrations
  (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES ($1, $2, clock_timestamp(), $3, $4, 1)`;

/**
 * Applies what is missing. The lock belongs to the connection, so the URL must lead to the server itself and not to a
 * pooler in transaction mode.
 */
export async function migratePostgres(databaseUrl: string, migrations: Migration[]): Promise<string[]> {
  const client = await connect(databaseUrl);
  try {
    await lock(client);
    await createTable(client);
    const applied: string[] = [];
    for (;;) {
      const { rows } = await client.query<MigrationRow>(SELECT_ROWS);
      const next = nextMigration(migrations, rows);
      if (!next) return applied;
      await apply(client, next);
      applied.push(next.name);
    }
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`Cannot migrate ${nameOf(client)}: ${reasonOf(error)}.`, { cause: error });
  } finally {
    await client.end().catch(() => {}); // lets go of the lock; a connection already lost has let go of it too
  }
}

/** A connection for what a start does before the app has a pool. @throws MigrationError where there is none */
export async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = makeClient(databaseUrl);
  client.on("error", () => {}); // a lost connection also fails the query under way, which tells the story
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw new MigrationError(`Cannot reach ${nameOf(client)}: ${reasonOf(error)}.`, { cause: error });
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

async function lock(client: pg.Client): Promise<void> {
  try {
    await client.query(`SET lock_timeout = ${LOCK_WAIT_MS}`);
    await client.query("SELECT pg_advisory_lock($1)", [LOCK_KEY]);
    await client.query("SET lock_timeout = 0");
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
    await client.query("BEGIN");
    // Without parameters it goes by the simple protocol, which takes many statements and answers them one by one.
    const results = [await client.query(sql)].flat();
    if (results.some(({ command }) => command === "COMMIT" || command === "ROLLBACK"))
      throw endedTransaction(name);
    await client.query(INSERT_ROW, [randomUUID(), checksum, name, startedAt]);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`Migration "${name}" failed and was undone: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}
