import Sqlite from "libsql";
import pg from "pg";
import { type DatabaseKind, openDatabase } from "../../lib/testing/look-in";
import { DAY_MS, DAY_S, SECOND_MS } from "../../lib/testing/product";

/** Of every account, in rows. */
const EVENTS_EACH = 10;

/** Rows written at once: an interrupted seeding goes on after the last such batch. */
const BATCH = 100_000;

/** From then on what was seeded would expire, in days; sessions last longer, and the oldest event is younger than a year. */
const FRESH_DAYS = 30;

const TABLES = ["User", "Session", "AuditEvent", "OutboxEmail"];

/** What the two databases write differently. `i` is the number of a row. */
const DIALECTS = {
  sqlite: {
    setUp: ["PRAGMA synchronous = OFF", "PRAGMA foreign_keys = OFF", "PRAGMA cache_size = -400000"],
    tearDown: ["PRAGMA wal_checkpoint(TRUNCATE)"],
    indexes: `SELECT sql AS ddl, name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`,
    table: "tbl_name",
    rows: (from: number, end: number) =>
      `(WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${end}) SELECT i FROM n)`,
    id: (kind: number) => `printf('00000000-000${kind}-7000-8000-%012x', i)`,
    random: "lower(hex(randomblob(32)))",
    moment: (seconds: string) => `strftime('%Y-%m-%dT%H:%M:%f+00:00', ${seconds}, 'unixepoch')`,
    yes: "1",
    no: "0",
  },
  postgres: {
    setUp: ["SET session_replication_role = replica", "SET maintenance_work_mem = '512MB'"],
    tearDown: ["VACUUM ANALYZE"],
    indexes: `SELECT indexdef AS ddl, indexname AS name FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey'`,
    table: "tablename",
    rows: (from: number, end: number) => `generate_series(${from}, ${end - 1}) AS n(i)`,
    id: (kind: number) => `'00000000-000${kind}-7000-8000-' || lpad(to_hex(i), 12, '0')`,
    random: "md5(random()::text || i) || md5(i || random()::text)",
    moment: (seconds: string) => `to_timestamp(${seconds}) AT TIME ZONE 'UTC'`,
    yes: "true",
    no: "false",
  },
};

type Dialect = (typeof DIALECTS)[DatabaseKind];

/**
 * Fills a migrated database: accounts `m0@example.com` and so on, for each a session and ten events, and for ten an email that
 * waits for later. What is there already stays, so this may be interrupted and called again.
 * @param passwordHash what every account has
 * @throws Error when it was filled so long ago that its rows expire
 */
export async function seed(databaseUrl: string, accounts: number, passwordHash: string): Promise<void> {
  const { kind } = openDatabase(databaseUrl);
  const dialect = DIALECTS[kind];
  const connection = await connect(databaseUrl, kind);
  const { run } = connection;
  try {
    await run('CREATE TABLE IF NOT EXISTS "BenchSeed" ("step" TEXT PRIMARY KEY, "ddl" TEXT, "at" TEXT)');
    const done = new Set((await run('SELECT "step" FROM "BenchSeed"')).map(({ step }) => step));
    const [begun] = await run(`SELECT "at" FROM "BenchSeed" WHERE "step" = 'begun'`);
    const start = begun ? Number(begun.at) : Date.now();
    if (Date.now() - start > FRESH_DAYS * DAY_MS)
      throw new Error(
        `Its rows are more than ${FRESH_DAYS} days old: delete the folder, or name another one.`,
      );
    if (done.has("filled")) return;
    for (const sql of dialect.setUp) await run(sql);
    const commit = async (step: string, statements: string[]) => {
      if (done.has(step)) return;
      await run("BEGIN");
      for (const sql of statements) await run(sql);
      await run(`INSERT INTO "BenchSeed" ("step") VALUES ('${step}')`);
      await run("COMMIT");
      console.log(`  ${step}`);
    };
    if (!begun) await run(`INSERT INTO "BenchSeed" ("step", "at") VALUES ('begun', '${start}')`);
    // Rows are written in the order of time, as they come; their indexes are made at the end, which takes a third of the time.
    const names = TABLES.map((name) => `'${name}'`).join();
    const indexes = await run(`${dialect.indexes} AND ${dialect.table} IN (${names})`);
    await commit(
      "indexes put aside",
      indexes.flatMap(({ ddl, name }) => [
        `INSERT INTO "BenchSeed" ("step", "ddl") VALUES ('${name}', '${ddl}')`,
        `DROP INDEX "${name}"`,
      ]),
    );
    for (const { table, count, insert } of rowsOf(dialect, accounts, passwordHash, start))
      for (let from = 0; from < count; from += BATCH)
        await commit(`${table} from ${from}`, [insert(dialect.rows(from, Math.min(from + BATCH, count)))]);
    for (const { step, ddl } of await run('SELECT "step", "ddl" FROM "BenchSeed" WHERE "ddl" IS NOT NULL'))
      await commit(`${step} made`, [String(ddl)]);
    for (const sql of dialect.tearDown) await run(sql);
    await run(`INSERT INTO "BenchSeed" ("step") VALUES ('filled')`);
  } finally {
    await connection.close();
  }
}

/** What to insert into each table; `rows` numbers them. */
function rowsOf({ id, random, moment, yes, no }: Dialect, accounts: number, hash: string, startMs: number) {
  const now = Math.floor(startMs / SECOND_MS);
  const later = (days: number) => moment(`${now + days * DAY_S} + i * 0.001`);
  const agent = "'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'";
  return [
    {
      table: "User",
      count: accounts,
      insert: (rows: string) =>
        `INSERT INTO "User" ("id", "username", "usernameCanonical", "email", "emailCanonical", "emailVerified", "wasConfirmationRequired", "passwordHash", "firstLoginAt", "createdAt", "updatedAt")
         SELECT ${id(1)}, 'm' || i, 'm' || i, 'm' || i || '@example.com', 'm' || i || '@example.com', ${later(-330)}, ${no}, '${hash}', ${later(-330)}, ${later(-330)}, ${later(-330)} FROM ${rows}`,
    },
    {
      table: "Session",
      count: accounts,
      insert: (rows: string) =>
        `INSERT INTO "Session" ("id", "tokenHash", "userId", "createdAt", "lastSeenAt", "expiresAt", "isRemembered", "ip", "userAgent")
         SELECT ${id(2)}, ${random}, ${id(1)}, ${later(-1)}, ${later(2 * FRESH_DAYS)}, ${later(3 * FRESH_DAYS)}, ${yes}, '203.0.113.7', ${agent} FROM ${rows}`,
    },
    ...Array.from({ length: EVENTS_EACH }, (_, nth) => ({
      table: `AuditEvent ${nth}`,
      count: accounts,
      insert: (rows: string) =>
        `INSERT INTO "AuditEvent" ("id", "at", "event", "userId", "requestId", "ip", "userAgent")
         SELECT ${id(3)} || '${nth}', ${later(-30 * (EVENTS_EACH - nth))}, 'login', ${id(1)}, ${id(4)}, '203.0.113.7', ${agent} FROM ${rows}`,
    })),
    {
      table: "OutboxEmail",
      count: Math.ceil(accounts / 10),
      insert: (rows: string) =>
        `INSERT INTO "OutboxEmail" ("id", "sealed", "recipientHash", "createdAt", "dueAt", "attempts", "isAwaited", "expiresAt")
         SELECT ${id(5)}, ${Array(16).fill(random).join(" || ")}, ${random}, ${later(-1)}, ${later(2 * FRESH_DAYS)}, 1, ${yes}, ${later(3 * FRESH_DAYS)} FROM ${rows}`,
    },
  ];
}

interface Connection {
  run(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** One connection for all of it, unlike a look into the database. */
async function connect(databaseUrl: string, kind: DatabaseKind): Promise<Connection> {
  if (kind === "postgres") {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    return { run: async (sql) => (await client.query(sql)).rows, close: () => client.end() };
  }
  const file = new Sqlite(databaseUrl.slice("file:".length), { timeout: 10_000 });
  return {
    async run(sql) {
      const statement = file.prepare(sql);
      if (statement.reader) return statement.all([]) as Record<string, unknown>[];
      statement.run([]);
      return [];
    },
    close: async () => void file.close(),
  };
}
