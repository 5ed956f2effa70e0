import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyDatabase, runsOn } from "../../testing/database";
import { type Pooler, startPooler } from "../../testing/pooler";
import { isDatabaseUnavailable } from "./errors";
import { migrate } from "./migrations/migrate";
import { openPostgres } from "./postgres";

describe.runIf(runsOn() === "postgres")(
  "behind a pooler that gives each transaction another connection",
  () => {
    let pooler: Pooler;
    beforeAll(async () => {
      pooler = await startPooler(process.env.DATABASE_URL ?? "");
    });
    afterAll(() => pooler?.close());

    it("four that start at once apply each migration once, and leave no lock on a connection", async () => {
      const direct = await emptyDatabase();
      const pooler = await startPooler(direct);
      const applied = (await Promise.all(Array.from({ length: 4 }, () => migrate(pooler.url)))).flat();
      expect(applied.length).toBeGreaterThan(0);
      expect(new Set(applied).size).toBe(applied.length);
      expect(await migrate(pooler.url)).toEqual([]);
      const client = openPostgres(direct);
      const locks = await client.$queryRaw`
        SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND d.datname = current_database()`; // not those of the other tests' databases
      expect(locks).toEqual([]);
      await client.$disconnect();
    });

    it("reads and writes, in transactions and out of them, many at once, and rolls back whole", async () => {
      const client = openPostgres(pooler.url);
      const count = (key: string) => client.rateLimit.create({ data: { key, points: 1 } });
      await Promise.all(Array.from({ length: 30 }, (_, index) => count(`alone ${index}`)));
      const inTransaction = (key: string) =>
        client.$transaction(async (tx) => {
          await tx.rateLimit.create({ data: { key, points: 1 } });
          return tx.rateLimit.count({ where: { key } });
        });
      const counts = await Promise.all(
        Array.from({ length: 30 }, (_, index) => inTransaction(`together ${index}`)),
      );
      expect(counts).toEqual(Array(30).fill(1));
      await expect(count("alone 1")).rejects.toThrow();
      const half = client.$transaction(async (tx) => {
        await tx.rateLimit.create({ data: { key: "half", points: 1 } });
        throw new Error("changed my mind");
      });
      await expect(half).rejects.toThrow("changed my mind");
      for (const wrong of ["SELECT FROM WHERE", "SELECT 1/0"])
        await expect(client.$queryRawUnsafe(wrong)).rejects.toThrow();
      expect(await client.rateLimit.count()).toBe(60);
      await client.$disconnect();
    });

    it("every transaction has its limits, one of a single statement too, and no connection keeps them", async () => {
      const limits = `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
      current_setting('idle_in_transaction_session_timeout') AS pause`;
      const client = openPostgres(pooler.url);
      for (let turn = 0; turn < 4; turn++) {
        const inside = await client.$transaction((tx) => tx.$queryRawUnsafe(limits));
        expect(inside).toEqual([{ lock: "3s", statement: "5s", pause: "10s" }]);
        expect(await client.$queryRawUnsafe(limits)).toEqual([{ lock: "3s", statement: "5s", pause: "0" }]);
      }
      await client.$disconnect();
    });

    it("a lock that is held too long ends a statement of its own, which is recognised", async () => {
      const client = openPostgres(pooler.url);
      await client.rateLimit.create({ data: { key: "held", points: 1 } });
      const change = { where: { key: "held" }, data: { points: 2 } };
      const error = await client.$transaction(
        async (tx) => {
          await tx.rateLimit.update(change);
          return client.rateLimit.update(change).catch((thrown: unknown) => thrown);
        },
        { timeout: 10_000 },
      );
      expect(isDatabaseUnavailable(error)).toBe(true);
      expect(String(error)).toContain("lock timeout");
      await client.$disconnect();
    });
  },
);
