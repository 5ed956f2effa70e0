import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import Database from "libsql";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { diffSchemas } from "../../../../prisma/offline/diff";
import { emptyDatabase, newFolder, runsOn } from "../../../testing/database";
import { outputOf, startScript } from "../../../testing/jiti";
import { sqlitePath } from "../url";
import { MigrationError, migrate } from "./migrate";

/** A folder of migrations for both databases, in order. */
function migrations(...scripts: string[]): string {
  const folder = newFolder();
  scripts.forEach((sql, index) => {
    addMigration(folder, `${index + 1}_test`, sql);
  });
  return folder;
}

function addMigration(folder: string, name: string, sql: string): void {
  for (const provider of ["sqlite", "postgres"]) {
    mkdirSync(join(folder, provider, name), { recursive: true });
    writeFileSync(join(folder, provider, name, "migration.sql"), sql);
  }
}

/** Looks at a database without Prisma. */
async function query(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const path = sqlitePath(databaseUrl);
  if (path !== null) {
    const db = new Database(path);
    try {
      if (/^select/i.test(sql)) return db.prepare(sql).all() as Record<string, unknown>[];
      db.exec(sql);
      return [];
    } finally {
      db.close();
    }
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function appliedNames(databaseUrl: string): Promise<unknown[]> {
  const rows = await query(
    databaseUrl,
    "SELECT migration_name FROM _prisma_migrations ORDER BY migration_name",
  );
  return rows.map((row) => row.migration_name);
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => new Error("was not refused"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MigrationError);
  return (error as Error).message;
}

const TABLE_A = "CREATE TABLE a (id INTEGER PRIMARY KEY);";
const TABLE_B = "CREATE TABLE b (id INTEGER PRIMARY KEY);";

describe("migrate", () => {
  it("applies what is missing, oldest first, and then nothing", async () => {
    const url = await emptyDatabase();
    const folder = migrations(TABLE_A);
    expect(await migrate(url, folder)).toEqual(["1_test"]);
    addMigration(folder, "2_test", TABLE_B);
    expect(await migrate(url, folder)).toEqual(["2_test"]);
    expect(await migrate(url, folder)).toEqual([]);
    expect(await query(url, "SELECT * FROM b")).toEqual([]);
  });

  it("keeps the record as Prisma does", async () => {
    const url = await emptyDatabase();
    await migrate(url, migrations(TABLE_A));
    const [row] = await query(url, "SELECT * FROM _prisma_migrations");
    expect(row).toMatchObject({
      checksum: createHash("sha256").update(TABLE_A).digest("hex"),
      migration_name: "1_test",
      logs: null,
      rolled_back_at: null,
      applied_steps_count: 1,
    });
    expect(row?.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(Math.abs(Number(row?.finished_at) - Date.now())).toBeLessThan(60_000);
    expect(Number(row?.started_at)).toBeLessThanOrEqual(Number(row?.finished_at));
  });

  it("applies each migration once when eight processes start at the same time", async () => {
    const url = await emptyDatabase();
    const folder = migrations(TABLE_A, TABLE_B, "INSERT INTO a VALUES (1);");
    const starters = Array.from({ length: 8 }, () => startScript("migrate-once.ts", [url, folder]));
    const outputs = starters.map(outputOf);
    await Promise.all(starters.map(({ stdout }) => stdout && once(stdout, "data"))); // all are ready
    for (const { stdin } of starters) stdin?.write("go\n");
    const applied = (await Promise.all(outputs)).flatMap((output) => JSON.parse(output.replace("ready", "")));
    expect(applied.sort()).toEqual(["1_test", "2_test", "3_test"]);
    expect(await appliedNames(url)).toEqual(["1_test", "2_test", "3_test"]);
    expect(await query(url, "SELECT * FROM a")).toHaveLength(1);
  }, 60_000);

  it("takes functions, strings and comments with semicolons as they are", async () => {
    const url = await emptyDatabase();
    const body =
      runsOn() === "sqlite"
        ? "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a WHERE id < 0; DELETE FROM a WHERE id = 3; END;"
        : "CREATE FUNCTION f() RETURNS int AS $$ BEGIN PERFORM 1; RETURN 2; END; $$ LANGUAGE plpgsql;";
    const folder = migrations(`${TABLE_A} -- one; two\n${body}\nCREATE TABLE s (t TEXT DEFAULT 'x;y');`);
    expect(await migrate(url, folder)).toEqual(["1_test"]);
    await query(url, "INSERT INTO s DEFAULT VALUES");
    expect(await query(url, "SELECT t FROM s")).toEqual([{ t: "x;y" }]);
  });

  it("keeps the rows that refer to a table which Prisma's own SQL redefines", async () => {
    const provider = runsOn();
    const before = `
      datasource db {
        provider = "${provider === "sqlite" ? "sqlite" : "postgresql"}"
      }
      model Parent {
        id       Int     @id
        note     String?
        children Child[]
      }
      model Child {
        id       Int    @id
        parentId Int
        parent   Parent @relation(fields: [parentId], references: [id], onDelete: Cascade)
      }`;
    const after = before.replace("String?", 'String @default("")');
    const redefinition = (await diffSchemas(provider, before, after)) ?? "";
    if (provider === "sqlite") expect(redefinition).toContain('DROP TABLE "Parent"');

    const url = await emptyDatabase();
    const folder = migrations(
      (await diffSchemas(provider, null, before)) ?? "",
      `INSERT INTO "Parent" VALUES (1, 'kept'); INSERT INTO "Child" VALUES (1, 1), (2, 1);`,
      redefinition,
    );
    expect(await migrate(url, folder)).toHaveLength(3);
    expect(await query(url, 'SELECT id FROM "Child"')).toHaveLength(2);
    expect(await query(url, 'SELECT note FROM "Parent"')).toEqual([{ note: "kept" }]);
  });

  it("leaves a migration alone that only the database knows: the code has been taken back a release", async () => {
    const url = await emptyDatabase();
    await migrate(url, migrations(TABLE_A, TABLE_B));
    expect(await migrate(url, migrations(TABLE_A))).toEqual([]);
  });

  it("applies again what someone undid and marked as rolled back", async () => {
    const url = await emptyDatabase();
    const folder = migrations(TABLE_A);
    await migrate(url, folder);
    await query(url, "DROP TABLE a; UPDATE _prisma_migrations SET rolled_back_at = finished_at");
    expect(await migrate(url, folder)).toEqual(["1_test"]);
    expect(await migrate(url, folder)).toEqual([]);
  });

  it("undoes a failing migration whole, records nothing of it, and keeps those before it", async () => {
    const url = await emptyDatabase();
    const folder = migrations(
      TABLE_A,
      `${TABLE_B} INSERT INTO a VALUES (1); INSERT INTO nowhere VALUES (1);`,
    );
    expect(await refusal(migrate(url, folder))).toMatch(
      /^Migration "2_test" failed and was undone: .*nowhere/,
    );
    expect(await appliedNames(url)).toEqual(["1_test"]);
    expect(await query(url, "SELECT * FROM a")).toEqual([]);
    await expect(query(url, "SELECT * FROM b")).rejects.toThrow();

    addMigration(folder, "2_test", TABLE_B);
    expect(await migrate(url, folder)).toEqual(["2_test"]);
  });

  it("refuses a database on which a migration was never finished", async () => {
    const url = await emptyDatabase();
    const folder = migrations(TABLE_A);
    await migrate(url, folder);
    await query(url, "UPDATE _prisma_migrations SET finished_at = NULL");
    addMigration(folder, "2_test", TABLE_B);
    expect(await refusal(migrate(url, folder))).toContain(
      'Migration "1_test" was started on this database and never',
    );
    expect(await appliedNames(url)).toEqual(["1_test"]);
  });

  it("refuses when a migration was edited after it was applied", async () => {
    const url = await emptyDatabase();
    const folder = migrations(TABLE_A);
    await migrate(url, folder);
    addMigration(folder, "1_test", `${TABLE_A} -- improved`);
    addMigration(folder, "2_test", TABLE_B);
    expect(await refusal(migrate(url, folder))).toContain(
      'Migration "1_test" was edited after it was applied',
    );
    expect(await appliedNames(url)).toEqual(["1_test"]);
  });

  it("refuses a migration that ends the transaction around it", async () => {
    const url = await emptyDatabase();
    expect(await refusal(migrate(url, migrations(`${TABLE_A} COMMIT;`)))).toContain("COMMIT or ROLLBACK");
    expect(await appliedNames(url)).toEqual([]);
  });

  it("refuses a folder without migrations, or a migration without its file", async () => {
    const url = await emptyDatabase();
    expect(await refusal(migrate(url, join(newFolder(), "none")))).toContain("The migrations are missing");
    const folder = migrations(TABLE_A);
    mkdirSync(join(folder, runsOn(), "2_test"));
    expect(await refusal(migrate(url, folder))).toBe('Migration "2_test" has no migration.sql.');
  });
});

describe.runIf(runsOn() === "sqlite")("migrate, on SQLite", () => {
  it("waits for another process that has just made the file", async () => {
    const url = await emptyDatabase();
    const other = new Database(sqlitePath(url) ?? "");
    other.exec("BEGIN IMMEDIATE");
    const migrated = migrate(url, migrations(TABLE_A));
    other.exec("COMMIT");
    expect(await migrated).toEqual(["1_test"]);
    other.close();
  });

  it("makes the folder and the file, for their owner alone", async () => {
    const path = join(newFolder(), "made", "for us", "latchkey.db");
    expect(await migrate(`file:${path}`)).not.toEqual([]);
    expect(existsSync(path)).toBe(true);
    if (process.platform !== "win32") {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    }
  });

  it("refuses a migration that leaves rows referring to nothing", async () => {
    const folder = migrations(
      "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p (id));",
      "INSERT INTO c VALUES (1);",
    );
    expect(await refusal(migrate(await emptyDatabase(), folder))).toContain("rows refer to nothing");
  });

  it("refuses a file that is not a database, and leaves it as it was", async () => {
    const path = join(newFolder(), "poem.txt");
    writeFileSync(path, "Dear database,\n".repeat(100));
    expect(await refusal(migrate(`file:${path}`))).toContain(`Cannot open the database file ${path}`);
    expect(readFileSync(path, "utf8")).toBe("Dear database,\n".repeat(100));
  });

  it("refuses a path below a file", async () => {
    const path = join(newFolder(), "file");
    writeFileSync(path, "");
    expect(await refusal(migrate(`file:${path}/latchkey.db`))).toContain("Cannot open the database file");
  });
});

describe.runIf(runsOn() === "postgres")("migrate, on PostgreSQL", () => {
  it("refuses when no server answers, without telling the password", async () => {
    const message = await refusal(migrate("postgres://ada:secret@127.0.0.1:1/latchkey"));
    expect(message).toMatch(
      /^Cannot reach the PostgreSQL database "latchkey" at 127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
    expect(message).toMatch(/; start it, or check DATABASE_URL\.$/);
    expect(message).not.toContain("secret");
  });

  it("waits for a server that is not up yet, and says so once", async () => {
    const url = new URL(await emptyDatabase());
    const [port, hostname] = [Number(url.port), url.hostname];
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    url.port = String((probe.address() as AddressInfo).port);
    await new Promise((resolve) => probe.close(resolve));
    const forwarder = createServer((socket) => void socket.pipe(connect(port, hostname)).pipe(socket));
    const told: string[] = [];
    const onWait = (what: string) => {
      told.push(what);
      setImmediate(() => forwarder.listen(Number(url.port), "127.0.0.1"));
    };
    expect(await migrate(url.href, migrations(TABLE_A), { ms: 30_000, onWait })).toEqual(["1_test"]);
    expect(told).toEqual([expect.stringMatching(/^Waiting for the PostgreSQL database .*ECONNREFUSED.*\.$/)]);
    forwarder.close();
  });

  it("does not wait longer than it may, for a server that is down or whose name leads nowhere", async () => {
    for (const host of ["127.0.0.1:1", "nowhere.invalid"]) {
      const told: string[] = [];
      const patience = { ms: 300, onWait: (what: string) => told.push(what) };
      const message = await refusal(migrate(`postgres://ada:secret@${host}/latchkey`, undefined, patience));
      expect(message).toMatch(/^Cannot reach the PostgreSQL database .*DATABASE_URL\.$/);
      expect(told).toHaveLength(1);
      expect(message + told).not.toContain("secret");
    }
  });

  it("does not wait where waiting is of no use", async () => {
    const url = new URL(await emptyDatabase());
    url.pathname = "nowhere";
    const patience = { ms: 30_000, onWait: () => expect.unreachable("there is nothing to wait for") };
    expect(await refusal(migrate(url.href, undefined, patience))).toContain("does not exist; make it");
  });

  it("refuses when there is no such database", async () => {
    const url = new URL(await emptyDatabase());
    url.pathname = "nowhere";
    expect(await refusal(migrate(url.href))).toContain('database "nowhere" does not exist');
  });

  it("needs no right to create tables where there is nothing to do", async () => {
    const url = new URL(await emptyDatabase());
    const folder = migrations(TABLE_A);
    await migrate(url.href, folder);
    await query(url.href, "CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader");
    url.username = "reader";
    expect(await migrate(url.href, folder)).toEqual([]);
    addMigration(folder, "2_test", TABLE_B);
    expect(await refusal(migrate(url.href, folder))).toContain("permission denied");
  });
});
