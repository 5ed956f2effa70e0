import "server-only";
import { RateLimiterPrisma, RateLimiterRes } from "rate-limiter-flexible";
import { db, type Tx } from "../../platform/db";
import type { Attempt } from "./attempt";

/** So many attempts in a window; the window begins with the first and then runs whatever happens. */
export interface Window {
  /** How long an attempt has to wait, in seconds; 0: it may go on. Changes nothing. */
  retryAfterSeconds(key: string): Promise<number>;
  /** Counts one, exactly however many ask at once. */
  consume(key: string): Promise<Attempt>;
  /** Begins anew. */
  forget(key: string, tx: Tx): Promise<void>;
}

/** What the limiter reads of a row. */
interface Count {
  points: number;
  expire: Date | null;
}

/**
 * The limiter with one statement a question: its own reads cannot be asked together, and it counts in two. As exact, because
 * one statement is atomic on both databases.
 */
class Limiter extends RateLimiterPrisma {
  /** Prisma asks for all that is wanted at one time by one statement. */
  async _get(key: string): Promise<Count | null> {
    const count = await db.rateLimit.findUnique({ where: { key }, select: { points: true, expire: true } });
    return count && (count.expire === null || count.expire > new Date()) ? count : null;
  }

  /** A row that has expired begins a new window. */
  async _upsert(key: string, points: number, ms: number): Promise<Count | undefined> {
    const [now, expire] = [new Date(), new Date(Date.now() + ms)];
    const [count] = await db.$queryRaw<Count[]>`
      INSERT INTO "RateLimit" ("key", "points", "expire") VALUES (${key}, ${points}, ${expire})
      ON CONFLICT ("key") DO UPDATE SET
        "points" = CASE WHEN "RateLimit"."expire" <= ${now} THEN 0 ELSE "RateLimit"."points" END + excluded."points",
        "expire" = CASE WHEN "RateLimit"."expire" <= ${now} THEN excluded."expire" ELSE "RateLimit"."expire" END
      RETURNING "points", "expire"`;
    return count;
  }
}

/** @param name begins the rows' keys, so that two windows on one key count apart */
export function makeWindow(name: string, points: number, seconds: number): Window {
  const limiter = new Limiter({
    storeClient: db,
    tableName: "rateLimit", // the client's property, not the table
    keyPrefix: name,
    points,
    duration: seconds,
    clearExpiredByTimeout: false, // purgeRateLimits() does that: here a timer would start with every import
  });

  /** Unlike the limiter's own reward() it leaves a later window alone, which would get one attempt too many. */
  async function refund(key: string, windowEndsAt: Date): Promise<void> {
    await db.rateLimit.updateMany({
      where: { key: limiter.getKey(key), expire: { lte: windowEndsAt } },
      data: { points: { decrement: 1 } },
    });
  }

  return {
    async retryAfterSeconds(key) {
      const state = await limiter.get(key);
      return state && state.consumedPoints >= points ? Math.ceil(state.msBeforeNext / 1000) : 0;
    },

    async consume(key) {
      const state = await limiter.consume(key).catch(stateOfRefusal);
      const windowEndsAt = new Date(Date.now() + state.msBeforeNext);
      if (state.consumedPoints <= points) return { ok: true, refund: () => refund(key, windowEndsAt) };
      await refund(key, windowEndsAt); // the limiter counts those it refuses
      return { ok: false, retryAfterSeconds: Math.max(1, Math.ceil(state.msBeforeNext / 1000)) };
    },

    async forget(key, tx) {
      await tx.rateLimit.deleteMany({ where: { key: limiter.getKey(key) } });
    },
  };
}

/** The limiter throws what it refuses, and what it cannot find out. */
function stateOfRefusal(thrown: unknown): RateLimiterRes {
  if (thrown instanceof RateLimiterRes) return thrown;
  throw thrown;
}
