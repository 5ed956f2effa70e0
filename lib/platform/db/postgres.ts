import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "../../../prisma/client/postgres/client";
import { clientOptions } from "./client-options";

/** Connections kept by one process; PostgreSQL's own default allows 100 from everyone. */
const POOL_MAX = 10;

/**
 * The client for a PostgreSQL server. It connects at the first query. Nothing waits for ever: times are in milliseconds, and
 * each is shorter than the wait around it, so that the nearest cause is the one reported.
 */
export function openPostgres(databaseUrl: string) {
  const adapter = new PrismaPg(
    {
      connectionString: databaseUrl,
      application_name: "latchkey",
      max: POOL_MAX,
      connectionTimeoutMillis: 5_000, // without it a host that never answers is waited for for ever
      idleTimeoutMillis: 30_000,
      lock_timeout: 3_000,
      statement_timeout: 5_000,
      query_timeout: 8_000,
      idle_in_transaction_session_timeout: 10_000,
    },
    // A connection that breaks while it is idle: the pool drops it and opens another when asked.
    { onPoolError: ignore, onConnectionError: ignore },
  );
  return new PrismaClient({ adapter, ...clientOptions });
}

function ignore(): void {}
