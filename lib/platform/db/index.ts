import "server-only";
import { env } from "../env";
import { isLostRace } from "./errors";
import type { openSqlite } from "./sqlite";
import { sqlitePath } from "./url";

/** The one client, whichever database is behind it. Its type is SQLite's, which asks the least of a database. */
export type Db = ReturnType<typeof openSqlite>;

/** What a transaction's function is given; the client itself is one too, each query by itself. */
export type Tx = Omit<Db, "$connect" | "$disconnect" | "$extends" | "$on" | "$transaction">;

/** Only the client of the database in use is loaded: each is tens of megabytes. */
async function load(databaseUrl: string): Promise<Db> {
  const path = sqlitePath(databaseUrl);
  if (path !== null) return (await import("./sqlite")).openSqlite(path);
  // The two clients are generated from the same models; only their types for what is not shared differ.
  return (await import("./postgres")).openPostgres(databaseUrl) as unknown as Db;
}

/**
 * A transaction that lost against another is done once more from its beginning; when it loses again, the answer is 503. So
 * what a transaction's function does besides its queries must bear to be done twice.
 */
async function open(databaseUrl: string): Promise<Db> {
  const client = await load(databaseUrl);
  const begin = client.$transaction.bind(client) as (...args: unknown[]) => Promise<unknown>;
  const transact = async (work: unknown, ...options: unknown[]) => {
    try {
      return await begin(work, ...options);
    } catch (error) {
      if (typeof work !== "function" || !isLostRace(error)) throw error;
      return begin(work, ...options);
    }
  };
  client.$transaction = transact as Db["$transaction"];
  return client;
}

/** Next loads this module again after an edit and once for each of its bundles; there must be one pool. */
const shared = globalThis as { latchkeyDb?: Promise<Db> };

shared.latchkeyDb ??= open(env().databaseUrl);

/** Connects at the first query: importing it touches no database. */
export const db: Db = await shared.latchkeyDb;
