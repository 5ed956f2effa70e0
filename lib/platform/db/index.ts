import "server-only";
import { env } from "../env";
import { onceMore } from "./once-more";
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

/** Next loads this module again after an edit and once for each of its bundles; there must be one pool. */
const shared = globalThis as {
  latchkeyDb?: Promise<Db>;
  latchkeyCommitted?: WeakMap<object, (() => void)[]>;
};

/** What is to be done once a transaction is committed. */
shared.latchkeyCommitted ??= new WeakMap();
const committed = shared.latchkeyCommitted;

/** Does something once the transaction is committed, and never when it is rolled back. At once outside of one. */
export function afterCommit(tx: Tx, work: () => void): void {
  const waiting = committed.get(tx);
  if (waiting) waiting.push(work);
  else work();
}

/**
 * A transaction that lost against another is done once more: see {@link onceMore}. So what its function does besides its
 * queries must bear to be done twice, or wait for {@link afterCommit}.
 */
async function open(databaseUrl: string): Promise<Db> {
  const client = await load(databaseUrl);
  const begin = client.$transaction.bind(client) as (...args: unknown[]) => Promise<unknown>;
  const transact = async (work: unknown, ...options: unknown[]) => {
    if (typeof work !== "function") return begin(work, ...options);
    const attempt = async () => {
      const waiting: (() => void)[] = [];
      const result = await begin(
        (tx: Tx) => {
          committed.set(tx, waiting);
          return work(tx);
        },
        ...options,
      );
      for (const after of waiting) after();
      return result;
    };
    return onceMore(attempt);
  };
  client.$transaction = transact as Db["$transaction"];
  return client;
}

shared.latchkeyDb ??= open(env().databaseUrl);

/** Connects at the first query: importing it touches no database. */
export const db: Db = await shared.latchkeyDb;
