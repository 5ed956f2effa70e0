import { randomBytes } from "node:crypto";
import Sqlite from "libsql";
import { Client } from "pg";

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
      const connection = new Sqlite(path, { timeout: 10_000 });
      try {
        const statement = connection.prepare(sql);
        const values = parameters.map(toSqlite);
        if (statement.reader) return statement.all(values) as Row[];
        statement.run(values);
        return [];
      } finally {
        connection.close();
      }
    },
  };
}

function postgres(connectionString: string): Database {
  return {
    kind: "postgres",
    async query<Row>(sql: string, ...parameters: Parameter[]) {
      const connection = new Client({ connectionString });
      await connection.connect();
      try {
        let position = 0;
        const { rows } = await connection.query(
          sql.replace(/\?/g, () => `$${++position}`),
          parameters,
        );
        return rows as Row[];
      } finally {
        await connection.end();
      }
    },
  };
}

/** Makes an empty database in the cluster that `url` leads to, and returns the way to it. */
export async function createDatabase(url: string): Promise<string> {
  const name = `latchkey_${randomBytes(6).toString("hex")}`;
  await openDatabase(url).query(`CREATE DATABASE "${name}"`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

/** As Prisma writes it into SQLite: a moment as ISO text with its offset spelled out, yes as 1. */
function toSqlite(value: Parameter): string | number | null {
  if (value instanceof Date) return value.toISOString().replace("Z", "+00:00");
  return typeof value === "boolean" ? Number(value) : value;
}

/** A moment as either database gives it back. */
export function toDate(value: unknown): Date {
  return value instanceof Date ? value : new Date(value as string | number);
}
