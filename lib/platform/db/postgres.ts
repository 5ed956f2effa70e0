import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "../../../prisma/client/postgres/client";
import { env } from "../env";
import { primary } from "../ipc";
import { clientOptions } from "./client-options";
import { DatabaseUnreachableError } from "./errors";
import { onceMore } from "./once-more";
import { poolSize } from "./pool-size";

/**
 * SQLSTATE of a server that is no longer the one to talk to: it only reads since another one took over (25006), it shuts
 * down or has not started (57P01 to 57P03), or the connection is lost (08).
 */
const LEFT_BEHIND = /^(25006|57P0[123]|08...)$/;

/**
 * A pool leaves a server at most this often, in milliseconds: one that only reads for good would
 * make every write connect anew.
 */
const LEAVE_EVERY_MS = 5_000;

/**
 * What a transaction may take, in milliseconds. Set in each transaction and not when connecting: a pooler in front of the
 * server, like PgBouncer, refuses such settings of a connection or forgets them, and gives each transaction another one.
 */
const LIMITS = {
  statement: "SET LOCAL lock_timeout = 3000; SET LOCAL statement_timeout = 5000",
  pause: "SET LOCAL idle_in_transaction_session_timeout = 10000",
};

/**
 * The client for a PostgreSQL server. It connects at the first query. Nothing waits for ever: times are in milliseconds, and
 * each is shorter than the wait around it, so that the nearest cause is the one reported.
 */
export function openPostgres(databaseUrl: string) {
  const pool = new FailoverPool({
    connectionString: databaseUrl,
    application_name: "latchkey",
    max: poolSize(primary() === null ? 1 : env().processes),
    connectionTimeoutMillis: 5_000, // without it a host that never answers is waited for for ever
    idleTimeoutMillis: 30_000,
    query_timeout: 8_000,
    pipeline: true, // what is sent together takes one round trip
  });
  const adapter = new PrismaPostgres(pool, {
    disposeExternalPool: true,
    // A connection that breaks while it is idle: the pool drops it and opens another when asked.
    onPoolError: ignore,
    onConnectionError: ignore,
  });
  return new PrismaClient({ adapter, ...clientOptions });
}

type Callback = Parameters<pg.Pool["connect"]>[0];

/**
 * A pool that leaves a server behind. After a failover the name of the server leads to the new one, but open connections go
 * on to the old one, which only reads, or is frozen. So once one connection says that or breaks, none of those opened before it
 * is used again. As long as the name still leads to the old one, the next try is after {@link LEAVE_EVERY_MS}.
 */
class FailoverPool extends pg.Pool {
  #current = new WeakSet<pg.PoolClient>();
  readonly #idle = new Set<pg.PoolClient>();
  #leftAt = Number.NEGATIVE_INFINITY;

  constructor(config: pg.PoolConfig) {
    super(config);
    this.query = ((query: pg.QueryConfig) => this.#queryWithinLimits(query)) as pg.Pool["query"];
    this.on("connect", (client) => {
      this.#current.add(client);
      const query = client.query.bind(client) as (asked: unknown) => Promise<unknown>;
      client.query = ((asked: unknown) => query(asked).catch(tellBroken)) as typeof client.query;
      client.on("error", () => this.#leave()); // the query under way fails too, and tells the story
      messagesOf(client).on("errorMessage", ({ code }: { code?: string }) => {
        if (LEFT_BEHIND.test(code ?? "")) this.#leave();
      });
    });
    this.on("acquire", (client) => this.#idle.delete(client));
    this.on("release", (_error, client) => {
      if (this.#current.has(client)) this.#idle.add(client);
      else void client.end(); // the pool sees that it ends, and takes it out
    });
    this.on("remove", (client) => this.#idle.delete(client));
  }

  /** A statement by itself becomes a transaction of its own; all of it leaves together. */
  async #queryWithinLimits(query: pg.QueryConfig): Promise<pg.QueryResult> {
    const client = await this.connect();
    const send = async (text: string | pg.QueryConfig) => client.query(text); // what is thrown at once must not keep COMMIT back
    try {
      const sent = [send(`BEGIN; ${LIMITS.statement}`), send(query), send("COMMIT")] as const;
      await Promise.allSettled(sent); // after a failure COMMIT rolls back
      return (await Promise.all(sent))[1];
    } finally {
      client.release();
    }
  }

  #leave(): void {
    const now = performance.now();
    if (now - this.#leftAt < LEAVE_EVERY_MS) return;
    this.#leftAt = now;
    this.#current = new WeakSet();
    for (const client of this.#idle) void client.end(); // it stays in the pool until that is about to hand it out
    this.#idle.clear();
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    if (!callback)
      return new Promise((resolve, reject) =>
        this.connect((error, client) => (client ? resolve(client) : reject(error))),
      );
    super.connect((error, client, done) => {
      if (!client)
        return callback(new DatabaseUnreachableError("no connection", { cause: error }), client, done);
      if (this.#current.has(client)) return callback(error, client, done);
      done(true);
      this.connect(callback);
    });
    return undefined;
  }
}

/** A connection that breaks fails with the system's own error, of which Prisma knows a few codes and passes on the others. */
function tellBroken(error: unknown): never {
  const isOfSystem = error instanceof Error && "syscall" in error;
  throw isOfSystem ? new DatabaseUnreachableError("the connection broke", { cause: error }) : error;
}

/** What a server says on a connection, also inside a transaction, whose errors the pool does not see. */
function messagesOf(client: pg.PoolClient) {
  return (client as unknown as { connection: NodeJS.EventEmitter }).connection;
}

/**
 * Prisma's adapter, with limits for every transaction, and with a second try for a statement of its own that lost against
 * another.
 */
class PrismaPostgres extends PrismaPg {
  override async connect(): ReturnType<PrismaPg["connect"]> {
    const adapter = await super.connect();
    const [queryRaw, executeRaw] = [adapter.queryRaw.bind(adapter), adapter.executeRaw.bind(adapter)];
    const startTransaction = adapter.startTransaction.bind(adapter);
    return Object.assign(adapter, {
      queryRaw: (query: Parameters<typeof queryRaw>[0]) => onceMore(() => queryRaw(query)),
      executeRaw: (query: Parameters<typeof executeRaw>[0]) => onceMore(() => executeRaw(query)),
      startTransaction: async (level: Parameters<typeof startTransaction>[0]) => {
        const transaction = await startTransaction(level);
        const sql = `${LIMITS.statement}; ${LIMITS.pause}`;
        await transaction.executeRaw({ sql, args: [], argTypes: [] }).catch(async (error: unknown) => {
          await transaction.rollback(); // gives the connection back: without it this would not have failed
          throw error;
        });
        return transaction;
      },
    });
  }
}

function ignore(): void {}
