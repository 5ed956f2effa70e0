import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import Database from "libsql";
import { hardLink } from "../hard-link";
import { isSqliteBusy } from "./errors";
import { shippedMigrations } from "./migrations/migrate";
import { migrateSqlite } from "./migrations/migrate-sqlite";
import {
  type MigrationRow,
  nextMigration,
  readMigrations,
  reasonOf,
  SELECT_MIGRATIONS,
} from "./migrations/migration";

/** Something the operator can put right. The message is one sentence that says what; nothing was changed. */
export class BackupError extends Error {
  override name = "BackupError";
}

/** How long to wait for a lock, in milliseconds. */
const LOCK_WAIT_MS = 10_000;

/** What SQLite keeps beside a file while it is open, or after a crash. */
const COMPANIONS = ["-wal", "-shm"];

/**
 * Copies the database at `path` as it is at one moment, while the app runs or not, into one whole file that its owner alone
 * can read. The file appears under its name once it is complete and checked.
 * @returns how many accounts it has
 * @throws BackupError when a file of that name is there, or the database cannot be read
 */
export function backUp(path: string, file: string): number {
  if (!existsSync(path))
    throw new BackupError(`There is no database at ${path}: check DATABASE_URL and DATA_DIR.`);
  assertAbsent(file);
  const draft = draftOf(file);
  try {
    closeSync(openSync(draft, "wx", 0o600)); // VACUUM INTO takes an empty file, and its mode
    using(path, (db) => db.prepare("VACUUM INTO ?").run(draft));
    const accounts = using(draft, check);
    place(draft, file);
    return accounts;
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`Cannot back ${path} up to ${file}: ${reasonOf(error)}.`, { cause: error });
  } finally {
    remove(draft);
  }
}

/**
 * Puts a backup in place of the database at `path`, brought up to this release, and keeps what was there. The app must not
 * run: what it wrote meanwhile would be lost, and it could write more into the file that leaves.
 * @param suffix names what was there: `latchkey.db.before-…`
 * @returns how many accounts there are now, and where the former file is; null: there was none
 * @throws BackupError when the backup is none of this app or of a newer release, or is damaged, or the database is in use
 */
export async function restore(
  file: string,
  path: string,
  suffix: string,
): Promise<{ accounts: number; kept: string | null }> {
  if (!existsSync(file) || !statSync(file).isFile()) throw new BackupError(`There is no file ${file}.`);
  const isThere = existsSync(path);
  if (isThere && realpathSync(file) === realpathSync(path))
    throw new BackupError(`${file} is the database itself: name a backup.`);
  const draft = draftOf(path);
  try {
    for (const companion of ["", "-wal"]) // a copy made by hand may have its newest rows beside it
      if (existsSync(file + companion)) {
        copyFileSync(file + companion, draft + companion);
        chmodSync(draft + companion, 0o600);
      }
    const accounts = await prepare(draft, file);
    own(draft, isThere ? path : dirname(path));
    if (isThere) assertUnused(path);
    const kept = isThere ? `${path}.${suffix}` : null;
    // Changes of the former file would be taken for the new one's. Only a damaged one still has any.
    for (const companion of COMPANIONS)
      if (existsSync(path + companion)) renameSync(path + companion, `${path}.${suffix}${companion}`);
    // By a link there is a database under its name at every moment; without links there is none for the next two lines.
    if (kept && !hardLink(path, kept)) renameSync(path, kept);
    sync(draft);
    renameSync(draft, path);
    sync(dirname(path));
    return { accounts, kept };
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`Cannot restore ${file} to ${path}: ${reasonOf(error)}.`, { cause: error });
  } finally {
    remove(draft);
  }
}

/** Refuses what is no database of this app, then applies the migrations that it lacks. Answers the number of accounts. */
async function prepare(draft: string, file: string): Promise<number> {
  const migrations = readMigrations(`${shippedMigrations()}/sqlite`);
  try {
    const accounts = using(draft, (db) => {
      const rows = db.prepare(SELECT_MIGRATIONS).all() as MigrationRow[];
      const known = new Set(migrations.map(({ name }) => name));
      const newer = rows.find(({ migration_name }) => !known.has(migration_name));
      if (newer)
        throw new BackupError(
          `${file} is of a newer release, or of another app: this one does not know the migration ${newer.migration_name}.`,
        );
      nextMigration(migrations, rows); // refuses one that was left unfinished or was edited
      return check(db);
    });
    await migrateSqlite(draft, migrations);
    // Closing does not empty the log of changes while a statement of libsql's waits to be collected.
    const [log] = using(draft, (db) => db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all()) as {
      busy: number;
    }[];
    if (log?.busy !== 0) throw new Error("it is in use");
    return accounts;
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(`${file} is no backup of this app that can be restored: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

/** Answers the number of accounts. @throws Error when the file is damaged */
function check(db: Database.Database): number {
  const [finding] = db.prepare("PRAGMA integrity_check").raw().all() as [string][];
  if (finding?.[0] !== "ok") throw new Error(`it is damaged: ${finding?.[0]}`);
  const [row] = db.prepare('SELECT count(*) FROM "User"').raw().all() as [number][];
  return row?.[0] ?? 0;
}

/**
 * Only where no other connection has the file open can it leave the mode with a log of changes (WAL); this also moves what is
 * in that log into the file. A file that is damaged has no one who can go on with it.
 */
function assertUnused(path: string): void {
  try {
    using(path, (db) => db.exec("PRAGMA journal_mode=DELETE"), 0);
  } catch (error) {
    if (isSqliteBusy(error))
      throw new BackupError(`${path} is in use: stop the app, and whatever else has it open, then restore.`);
  }
}

function using<T>(path: string, work: (db: Database.Database) => T, timeout = LOCK_WAIT_MS): T {
  const db = new Database(path, { timeout });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

function draftOf(path: string): string {
  return `${path}.draft-${process.pid}`;
}

function assertAbsent(path: string): void {
  if (existsSync(path)) throw new BackupError(`${path} is there already: name another file.`);
}

/** Gives a finished draft its name, which no other file has; after a power cut it is whole or not there. */
export function place(draft: string, path: string): void {
  sync(draft);
  try {
    closeSync(openSync(path, "wx", 0o600)); // of two at once one gets the name
  } catch (error) {
    assertAbsent(path);
    throw error;
  }
  renameSync(draft, path);
  sync(dirname(path));
}

function sync(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Root restores for the user that the app runs as. */
export function own(path: string, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(like);
  chownSync(path, uid, gid);
}

function remove(draft: string): void {
  for (const companion of ["", ...COMPANIONS, "-journal"]) rmSync(draft + companion, { force: true });
}
