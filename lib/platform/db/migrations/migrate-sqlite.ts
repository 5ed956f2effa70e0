import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Database from "libsql";
import { isSqliteBusy } from "../errors";
import {
  endedTransaction,
  type Migration,
  MigrationError,
  type MigrationRow,
  nextMigration,
  reasonOf,
  SELECT_MIGRATIONS,
} from "./migration";

/** How long to wait for another starter's migration before giving up, in milliseconds. */
const LOCK_WAIT_MS = 60_000;

/** Between two tries for a lock that SQLite itself does not wait for, in milliseconds. */
const RETRY_MS = 20;

/** Prisma's own table, exactly. */
const CREATE_TABLE = `
CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
);`;

const INSERT_ROW = `INSERT INTO "_prisma_migrations"
  (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES (?, ?, ?, ?, ?, 1)`;

/** Applies what is missing to the file at `path`, which is made if need be, readable by its owner alone. */
export async function migrateSqlite(path: string, migrations: Migration[]): Promise<string[]> {
  const db = await open(path);
  const applied: string[] = [];
  try {
    for (let next = applyNext(db, migrations); next; next = applyNext(db, migrations)) applied.push(next);
    return applied;
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`Cannot migrate the database file ${path}: ${reasonOf(error)}.`, {
      cause: error,
    });
  } finally {
    db.close();
  }
}

async function open(path: string): Promise<Database.Database> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600)); // SQLite gives its -wal and -shm files the same mode
    const db = new Database(path, { timeout: LOCK_WAIT_MS });
    await switchToWal(db);
    db.exec("PRAGMA synchronous=FULL");
    // Must come before BEGIN, inside a transaction it does nothing. With keys enforced, the DROP TABLE in Prisma's way
    // of redefining a table would delete every row that refers to it.
    db.exec("PRAGMA foreign_keys=OFF");
    return db;
  } catch (error) {
    throw new MigrationError(`Cannot open the database file ${path}: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Stays with the file. Of several who find it new one may switch it, and the others are told "busy" at once. */
async function switchToWal(db: Database.Database): Promise<void> {
  for (const end = Date.now() + LOCK_WAIT_MS; ; await delay(RETRY_MS))
    try {
      db.exec("PRAGMA journal_mode=WAL");
      return;
    } catch (error) {
      if (!isSqliteBusy(error) || Date.now() > end) throw error;
    }
}

/** Applies one migration and answers its name; null when there is none left. */
function applyNext(db: Database.Database, migrations: Migration[]): string | null {
  db.exec("BEGIN IMMEDIATE"); // the lock among starters; what is applied is read under it, each round anew
  try {
    db.exec(CREATE_TABLE);
    const next = nextMigration(migrations, db.prepare(SELECT_MIGRATIONS).all() as MigrationRow[]);
    if (next) apply(db, next);
    db.exec("COMMIT");
    return next?.name ?? null;
  } catch (error) {
    if (db.inTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function apply(db: Database.Database, { name, sql, checksum }: Migration): void {
  const startedAt = Date.now();
  try {
    db.exec(sql);
    if (!db.inTransaction) throw endedTransaction(name);
    const orphans = db.prepare("PRAGMA foreign_key_check").all();
    if (orphans.length > 0) throw new Error(`rows refer to nothing: ${JSON.stringify(orphans.slice(0, 3))}`);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    throw new MigrationError(`Migration "${name}" failed and was undone: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
  db.prepare(INSERT_ROW).run(randomUUID(), checksum, Date.now(), name, startedAt);
}
