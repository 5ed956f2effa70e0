import { setTimeout as sleep } from "node:timers/promises";
import { PrismaLibSql } from "@prisma/adapter-libsql/web";
import type Database from "libsql";
import AsyncDatabase from "libsql/promise";
import { isSqliteBusy } from "../errors";
import { type Connection, unavailable, WatchedFile } from "./watched-file";

/**
 * Prisma's official libSQL adapter over a file client of our own. The adapter brings the conversion of values and the
 * mapping of errors; the client it would open on a file is not safe for writes that were answered: once it met a lock,
 * it could neither commit nor fail for good, and it left a file descriptor behind with every transaction.
 */
export class PrismaSqliteFile extends PrismaLibSql {
  readonly #file: WatchedFile;
  readonly #waitMs: number;

  /** @param waitMs how long a write waits for another process's lock before it fails with P1008 */
  constructor(path: string, waitMs = 10_000) {
    super({ url: `file:${path}` });
    this.#file = new WatchedFile(path, BLOCKING_WAIT_MS);
    this.#waitMs = waitMs;
  }

  /**
   * Two connections: one that writes, and holds transactions; one that only reads, and waits for no write (WAL). What was
   * acknowledged on the one is seen by the next read on the other.
   */
  override async connect(): ReturnType<PrismaLibSql["connect"]> {
    const [writer, reader] = [await super.connect(), await super.connect()];
    const [queryRaw, dispose] = [writer.queryRaw.bind(writer), writer.dispose.bind(writer)];
    return Object.assign(writer, {
      queryRaw: (query: Parameters<typeof queryRaw>[0]) =>
        ONLY_READS.test(query.sql) ? reader.queryRaw(query) : queryRaw(query),
      dispose: () => reader.dispose().then(dispose),
    });
  }

  override createClient(): ReturnType<PrismaLibSql["createClient"]> {
    // The adapter calls execute, executeMultiple, transaction and close, and nothing else of the client's many methods.
    return new FileClient(this.#file, this.#waitMs) as unknown as ReturnType<PrismaLibSql["createClient"]>;
  }
}

/** How long libsql itself waits for a lock, in milliseconds. Short: a read that meets one blocks the event loop. */
const BLOCKING_WAIT_MS = 20;

/** When a read that met a lock is tried once more, in milliseconds. */
const READ_AGAIN_MS = 50;

/** Prepared statements kept; Prisma's queries are few and long. */
const STATEMENTS_MAX = 256;

/** What the reading connection does; a statement with a list of subqueries before it may also write. */
const ONLY_READS = /^\s*select\b/i;

/** These run as they are; everything else takes the write lock first. */
const RUNS_BARE = /^\s*(select|pragma|explain|vacuum|attach|detach)\b/i;

interface Query {
  sql: string;
  args?: unknown[];
}

interface Result {
  columns: string[];
  columnTypes: string[];
  rows: unknown[][];
  rowsAffected: number;
}

interface Prepared {
  statement: Database.Statement;
  /** True for a statement that answers rows. */
  isReader: boolean;
  columns: string[];
  /** As declared in the table; "" for an expression. */
  columnTypes: string[];
}

/** One connection to one file, opened when it is needed. The adapter sees to it that queries come one after another. */
class FileClient implements Connection {
  readonly protocol = "file";
  closed = false;
  readonly #file: WatchedFile;
  readonly #waitMs: number;
  readonly #prepared = new Map<string, Prepared>();
  #db: Database.Database | null = null;
  /** True while a transaction is open, or is being begun or ended. */
  #isBusy = false;

  constructor(file: WatchedFile, waitMs: number) {
    this.#file = file;
    this.#waitMs = waitMs;
  }

  async execute(query: Query): Promise<Result> {
    if (RUNS_BARE.test(query.sql)) return this.#runBare(query);
    await this.#begin();
    try {
      const result = this.#run(query);
      await this.#end("COMMIT");
      return result;
    } catch (error) {
      await this.#end("ROLLBACK");
      throw error;
    }
  }

  async executeMultiple(sql: string): Promise<void> {
    this.#open().exec(sql);
  }

  async transaction() {
    await this.#begin();
    return {
      execute: async (query: Query) => this.#run(query),
      executeMultiple: async (sql: string) => void this.#open().exec(sql),
      commit: () => this.#end("COMMIT"),
      rollback: () => this.#end("ROLLBACK"),
    };
  }

  close(): void {
    this.closed = true;
    this.#close();
  }

  /** False while another process reads or writes what is to be moved, or the disk is full or read-only. */
  emptyWal(): boolean {
    if (this.#isBusy) return false;
    try {
      const rows = this.#db?.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all() ?? [];
      return (rows as { busy: number }[]).every(({ busy }) => busy === 0);
    } catch {
      return false;
    }
  }

  /**
   * What the log of changes (WAL) beside the file still has goes into the file it belongs to,
   * not into the next one of that name.
   */
  drop(): boolean {
    if (!this.emptyWal() || !this.#removeWal()) return false;
    this.#prepared.clear();
    this.#db?.close();
    this.#db = null;
    return true;
  }

  #removeWal(): boolean {
    try {
      // Of several processes that have the file open one does this at a time, and none writes to it meanwhile.
      this.#db?.exec("BEGIN IMMEDIATE");
      const isRemoved = this.#file.removeWal();
      this.#db?.exec("ROLLBACK");
      return isRemoved;
    } catch {
      return false;
    }
  }

  #open(): Database.Database {
    if (!this.#isBusy && !this.#file.isInPlace()) this.#file.abandon();
    this.#db ??= this.#file.open(this);
    return this.#db;
  }

  #close(): void {
    this.#prepared.clear();
    this.#db?.close();
    this.#db = null;
    this.#file.forget(this);
  }

  async #runBare(query: Query): Promise<Result> {
    for (let isAgain = false; ; isAgain = true) {
      try {
        return this.#run(query);
      } catch (error) {
        if (!isSqliteBusy(error)) throw error;
        this.#close(); // its statement stays in progress
        if (isAgain) throw error;
      }
      await sleep(READ_AGAIN_MS);
    }
  }

  /**
   * Takes the write lock. By exec() and never by a prepared statement: one that met SQLITE_BUSY stays "in progress" and
   * the connection can no longer commit.
   */
  async #begin(): Promise<void> {
    const deadline = Date.now() + this.#waitMs;
    for (;;) {
      const db = this.#open();
      this.#isBusy = true;
      try {
        return await execute(db, "BEGIN IMMEDIATE");
      } catch (error) {
        this.#isBusy = false;
        if (!isSqliteBusy(error) || Date.now() > deadline) throw error;
      }
      await sleep(5 + Math.random() * 20);
    }
  }

  /** @throws SqliteError when the file was replaced meanwhile: what was committed is then in the one that is gone */
  async #end(word: "COMMIT" | "ROLLBACK"): Promise<void> {
    const db = this.#db;
    if (!db || !this.#isBusy) return; // it has ended already
    try {
      if (db.inTransaction) await execute(db, word);
      else if (word === "COMMIT") throw new Error("the transaction was already rolled back");
    } catch (error) {
      this.#isBusy = false;
      if (db.inTransaction) {
        try {
          db.exec("ROLLBACK");
        } catch {
          this.#close();
        }
      }
      throw error;
    }
    this.#isBusy = false;
    if (word === "COMMIT" && !this.#file.isInPlace()) throw unavailable("what was committed is lost");
  }

  #run({ sql, args = [] }: Query): Result {
    this.#open();
    const { statement, isReader, columns, columnTypes } = this.#prepare(sql);
    const values = args.map(toSqlite);
    if (!isReader)
      return { columns: [], columnTypes: [], rows: [], rowsAffected: statement.run(values).changes };
    const rows = (statement.all(values) as unknown[][]).map((row) => row.map(fromSqlite));
    return { columns, columnTypes, rows, rowsAffected: 0 };
  }

  /** The statement last used moves to the end of the map, the first in it makes room. */
  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    const prepared = known ?? prepare(this.#open(), sql);
    if (known) this.#prepared.delete(sql);
    else if (this.#prepared.size >= STATEMENTS_MAX) {
      const [oldest] = this.#prepared.keys();
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** Away from the main thread, for what waits for a lock or the disk: pages are made meanwhile. */
function execute(db: Database.Database, sql: string): Promise<void> {
  return AsyncDatabase.prototype.exec.call(db, sql); // libsql's two classes are faces of one connection
}

function prepare(db: Database.Database, sql: string): Prepared {
  const statement = db.prepare(sql).safeIntegers(true);
  try {
    statement.raw(true); // throws where there are no rows to come
    const columns = statement.columns();
    return {
      statement,
      isReader: true,
      columns: columns.map(({ name }) => name),
      columnTypes: columns.map(({ type }) => type ?? ""),
    };
  } catch {
    return { statement, isReader: false, columns: [], columnTypes: [] };
  }
}

/** libsql binds every number as REAL; a BigInt stays an integer. */
function toSqlite(value: unknown): unknown {
  if (typeof value === "boolean") return Number(value);
  if (typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0)) return BigInt(value);
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  return value;
}

/** Integers come as BigInt and stay so only where a number would round them; bytes leave as the adapter expects them. */
function fromSqlite(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Buffer.isBuffer(value))
    return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
  return value;
}
