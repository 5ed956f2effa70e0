import { accessSync, closeSync, constants, openSync, rmSync, statSync } from "node:fs";
import Database from "libsql";
import { isSqliteBusy } from "../errors";

/** SQLite's code for a file that cannot be opened: what we say of one that is away. */
const CANTOPEN = 14;

/** Prisma's own table: what was done to a database to make it fit this app. */
const SELECT_MIGRATIONS = "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL";

/**
 * What a connection keeps of the file in memory at most, in KiB. A batch of the clean-up changes some 6 MB of pages of a large
 * database; in SQLite's own 2 MB they have no room, and are written twice.
 */
const CACHE_KIB = 16_384;

/** A connection to the file, which may be closed for another one. */
export interface Connection {
  /** Writes what the log of changes (WAL) still has into the file. False while that cannot be done. */
  emptyWal(): boolean;
  /** Closes it. False while that would do harm: it is in the middle of something, or what was written is not yet in the file. */
  drop(): boolean;
}

/** A file that was opened. */
interface OpenedFile {
  identity: string;
  /** The log of changes (WAL) beside it. */
  wal: string | null;
  /**
   * Open as long as no other file has taken its place, so that one deleted by accident can still be copied from /proc. Closed
   * when no connection is left: that would end their locks (POSIX).
   */
  handle: number;
}

/**
 * The file behind several connections. An open file stays readable and writable after its name was given to another one or
 * to none: what is written to it then is lost, without an error. So its name is looked up before every statement. While it
 * leads nowhere, nothing is asked of any connection. Once it leads elsewhere, every connection is closed, and none is opened
 * before a database of this app is there.
 */
export class WatchedFile {
  readonly #path: string;
  readonly #timeoutMs: number;
  readonly #connections = new Set<Connection>();
  /** The file that the connections have open, or had; null before the first. */
  #opened: OpenedFile | null = null;
  /** The migrations it had when it was first opened: a file that replaces it must have been migrated as far. */
  #migrations: string[] | null = null;

  constructor(path: string, timeoutMs: number) {
    this.#path = path;
    this.#timeoutMs = timeoutMs;
  }

  /** False once the name leads to another file than the connections have open, or to none. */
  isInPlace(): boolean {
    return this.#connections.size === 0 || this.#opened?.identity === find(this.#path)?.identity;
  }

  /**
   * Closes every connection to a file in whose place there is another one. A file that is only away may come back, so its
   * connections stay: libsql closes one when its statements are collected, and until then SQLite would share with it, in this
   * process, an index of the log of changes that no other process has.
   * @throws SqliteError with SQLITE_CANTOPEN while no file is there, or a connection cannot be closed
   */
  abandon(): void {
    const isAway = find(this.#path) === null;
    for (const connection of this.#connections)
      if (isAway) connection.emptyWal();
      else if (connection.drop()) this.forget(connection);
    if (this.#connections.size > 0)
      throw unavailable(isAway ? `${this.#path} is not there` : `${this.#path} is another file now`);
  }

  /**
   * Opens the file for a connection. It makes none: an empty database in place of a lost one would let everybody register
   * anew.
   * @throws SqliteError with SQLITE_CANTOPEN when no file of that name is there, or one that this app cannot use
   */
  open(connection: Connection): Database.Database {
    const identity = find(this.#path)?.identity;
    if (identity === undefined || !this.#isWritable())
      throw unavailable(`${this.#path} cannot be written to`);
    if (this.#isBesideFormerWal(identity)) throw unavailable(`${this.#wal} has the changes of another file`);
    const db = new Database(this.#path, { timeout: this.#timeoutMs });
    try {
      db.exec(`PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-${CACHE_KIB}`);
      const found = migrationsOf(db);
      this.#migrations ??= found; // the first file is whatever the start has left there
      if (!this.#migrations.every((name) => found.includes(name)) || identity !== find(this.#path)?.identity)
        throw unavailable(`${this.#path} is no database of this app`);
      // Stays with a file; one that was put in its place, as a copy by VACUUM is, may not have it yet.
      db.exec("PRAGMA journal_mode=WAL");
    } catch (error) {
      db.close();
      const isLater = this.#migrations !== null && !isSqliteBusy(error);
      throw isLater ? unavailable(`${this.#path} cannot be used: ${error}`) : error;
    }
    this.#opened = { identity, wal: find(this.#wal)?.identity ?? null, handle: this.#handleOf(identity) };
    this.#connections.add(connection);
    return db;
  }

  /**
   * Removes the log of changes (WAL), and its index, that a file which is no longer in place has left there. Another process
   * goes on with it until it hears of the new file, and would take the new one's changes for the old one's. Its lock on the
   * old file keeps others from doing the same at once.
   * @returns false while there are changes in it
   */
  removeWal(): boolean {
    const wal = find(this.#wal);
    if (wal === null || wal.identity !== this.#opened?.wal) return true;
    if (wal.size > 0n) return false;
    for (const companion of [`${this.#path}-shm`, this.#wal]) rmSync(companion, { force: true });
    return true;
  }

  /** Told by a connection that is closed. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** SQLite would open a file that only reads, and could not write to it when that has passed. */
  #isWritable(): boolean {
    try {
      accessSync(this.#path, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  }

  get #wal(): string {
    return `${this.#path}-wal`;
  }

  /** True while the changes of the file before this one lie where SQLite would take them for this one's. */
  #isBesideFormerWal(identity: string): boolean {
    if (this.#opened === null || this.#opened.identity === identity) return false;
    const wal = find(this.#wal);
    return wal !== null && wal.identity === this.#opened.wal && wal.size > 0n;
  }

  #handleOf(identity: string): number {
    if (this.#opened?.identity === identity) return this.#opened.handle;
    if (this.#opened) closeSync(this.#opened.handle);
    return openSync(this.#path, "r");
  }
}

/** Which file has this name now; null: none, or none that can be looked at. */
function find(path: string): { identity: string; size: bigint } | null {
  try {
    const { dev, ino, size } = statSync(path, { bigint: true });
    return { identity: `${dev}:${ino}`, size };
  } catch {
    return null;
  }
}

function migrationsOf(db: Database.Database): string[] {
  const [{ count } = { count: 0 }] = db
    .prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = '_prisma_migrations'")
    .all() as { count: number }[];
  if (count === 0) return [];
  return (db.prepare(SELECT_MIGRATIONS).all() as { migration_name: string }[]).map(
    (row) => row.migration_name,
  );
}

/** What SQLite says of a file that cannot be opened. */
export function unavailable(message: string): Error {
  return new Database.SqliteError(message, "SQLITE_CANTOPEN", CANTOPEN);
}
