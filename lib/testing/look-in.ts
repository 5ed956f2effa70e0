import { setTimeout as delay } from "node:timers/promises";
import Sqlite from "libsql";
import { Client, types } from "pg";
import { isSqliteBusy } from "../platform/db/errors";

/** How long a statement waits for the lock of another connection, in milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;

export type DatabaseKind = "sqlite" | "postgres";

type Parameter = string | number | boolean | Date | null;

/** A look into the app's own database, past the app: to count what it kept and to age what it keeps. */
export interface Database {
  kind: DatabaseKind;
  /**
   * Runs one statement on a connection of its own. Write `?` for parameters and quote names ("User", "tokenHash"):
   * both databases read that. Yes or no comes back as true or false from PostgreSQL, 1 or 0 from SQLite.
   */
  query<Row extends object>(sql: string, ...parameters: Parameter[]): Promise<Row[]>;
}

export function openDatabase(url: string): Database {
  return url.startsWith("file:") ? sqlite(url.slice("file:".length)) : postgres(url);
}

function sqlite(path: string): Database {
  return {
    kind: "sqlite",
    async query<Row>(sql: string, ...parameters: Parameter[]) {
      // Not by SQLite's own waiting, which stops this process: the app's transaction that holds the lock may be in it too.
      const deadline = Date.now() + LOCK_TIMEOUT_MS;
      for (;;)
        try {
          return runOnce<Row>(path, sql, parameters);
        } catch (error) {
          if (!isSqliteBusy(error) || Date.now() > deadline) throw error;
          await delay(10);
        }
    },
  };
}

function runOnce<Row>(path: string, sql: string, parameters: Parameter[]): Row[] {
  const connection = new Sqlite(path, { timeout: 10 });
  try {
    const statement = connection.prepare(sql);
    const values = parameters.map(toSqlite);
    if (statement.reader) return statement.all(values) as Row[];
    statement.run(values);
    return [];
  } finally {
    connection.close();
  }
}

function postgres(connectionString: string): Database {
  return {
    kind: "postgres",
    async query<Row>(sql: string, ...parameters: Parameter[]) {
      const connection = new Client({ connectionString, types: { getTypeParser } });
      await connection.connect();
      try {
        let position = 0;
        const { rows } = await connection.query(
          sql.replace(/\?/g, () => `$${++position}`),
          parameters.map(toPostgres),
        );
        return rows as Row[];
      } finally {
        await connection.end();
      }
    },
  };
}

/** As Prisma writes it into SQLite: a moment as ISO text with its offset spelled out, yes as 1. */
function toSqlite(value: Parameter): string | number | null {
  if (value instanceof Date) return value.toISOString().replace("Z", "+00:00");
  return typeof value === "boolean" ? Number(value) : value;
}

/** As Prisma writes it into PostgreSQL, whose columns know no time zone: a moment in UTC, wherever this machine is. */
function toPostgres(value: Parameter): string | number | boolean | null {
  return value instanceof Date ? value.toISOString() : value;
}

/** Reads moments as UTC, and everything else as always. */
const getTypeParser: typeof types.getTypeParser = (id: number, ...rest: unknown[]) =>
  id === types.builtins.TIMESTAMP
    ? (text: string) => new Date(`${text}Z`)
    : Reflect.apply(types.getTypeParser, types, [id, ...rest]);

/** A moment as either database gives it back. */
export function toDate(value: unknown): Date {
  return value instanceof Date ? value : new Date(value as string | number);
}
