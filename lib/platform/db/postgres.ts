import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "../../../prisma/client/postgres/client";
import { clientOptions } from "./client-options";
import { isLostRace } from "./errors";

/** Connections kept by one process; PostgreSQL's own default allows 100 from everyone. */
const POOL_MAX = 10;

/**
 * SQLSTATE of a server that is no longer the one to talk to: it only reads since another one took over (25006), it shuts
 * down or has not started (57P01 to 57P03), or the connection is lost (08).
 */
const LEFT_BEHIND = /^(25006|57P0[123]|08...)$/;

/** A pool leaves a server at most this often, in milliseconds: one that only reads for good would make every write connect anew. */
const LEAVE_EVERY_MS = 5_000;

/**
 * The client for a PostgreSQL server. It connects at the first query. Nothing waits for ever: times are in milliseconds, and
 * each is shorter than the wait around it, so that the nearest cause is the one reported.
 */
export function openPostgres(databaseUrl: string) {
  const pool = new FailoverPool({
    connectionString: databaseUrl,
    application_name: "latchkey",
    max: POOL_MAX,
    connectionTimeoutMillis: 5_000, // without it a host that never answers is waited for for ever
    idleTimeoutMillis: 30_000,
    lock_timeout: 3_000,
    statement_timeout: 5_000,
    query_timeout: 8_000,
    idle_in_transaction_session_timeout: 10_000,
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
 * on to the old one, which only reads. So once one connection says that, none of those opened before it is used again. As long
 * as the name still leads to the old one, the next try is after {@link LEAVE_EVERY_MS}.
 */
class FailoverPool extends pg.Pool {
  #current = new WeakSet<pg.PoolClient>();
  #leftAt = Number.NEGATIVE_INFINITY;

  constructor(config: pg.PoolConfig) {
    super(config);
    this.on("connect", (client) => {
      this.#current.add(client);
      messagesOf(client).on("errorMessage", ({ code }: { code?: string }) => {
        if (LEFT_BEHIND.test(code ?? "")) this.#leave();
      });
    });
  }

  #leave(): void {
    const now = performance.now();
    if (now - this.#leftAt < LEAVE_EVERY_MS) return;
    this.#leftAt = now;
    this.#current = new WeakSet();
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    if (!callback)
      return new Promise((resolve, reject) =>
        this.connect((error, client) => (client ? resolve(client) : reject(error))),
      );
    super.connect((error, client, done) => {
      if (!client || this.#current.has(client)) return callback(error, client, done);
      done(true);
      this.connect(callback);
    });
    return undefined;
  }
}

/** What a server says on a connection, also inside a transaction, whose errors the pool does not see. */
function messagesOf(client: pg.PoolClient) {
  return (client as unknown as { connection: NodeJS.EventEmitter }).connection;
}

/** Prisma's adapter, with a second try for a statement of its own that lost against another: it was rolled back whole. */
class PrismaPostgres extends PrismaPg {
  override async connect(): ReturnType<PrismaPg["connect"]> {
    const adapter = await super.connect();
    const [queryRaw, executeRaw] = [adapter.queryRaw.bind(adapter), adapter.executeRaw.bind(adapter)];
    return Object.assign(adapter, {
      queryRaw: (query: Parameters<typeof queryRaw>[0]) => onceMore(() => queryRaw(query)),
      executeRaw: (query: Parameters<typeof executeRaw>[0]) => onceMore(() => executeRaw(query)),
    });
  }
}

function onceMore<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    if (isLostRace(error)) return work();
    throw error;
  });
}

function ignore(): void {}
