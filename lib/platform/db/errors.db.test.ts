import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import pg from "pg";
import { afterAll, describe, expect, it, vi } from "vitest";
import { newFolder, runsOn } from "../../testing/database";
import { type PostgresServer, startPostgres } from "../../testing/postgres";
import { openStableAddress } from "../../testing/stable-address";
import { type Db, db } from ".";
import { isDatabaseUnavailable, isUniqueViolation } from "./errors";
import { migrate } from "./migrations/migrate";
import { openPostgres } from "./postgres";
import { openSqlite } from "./sqlite";

const ada = { username: "ada", usernameCanonical: "ada", email: "a@b.c", emailCanonical: "a@b.c" };

async function errorOf(attempt: PromiseLike<unknown>): Promise<unknown> {
  return await attempt.then(
    () => new Error("succeeded"),
    (error: unknown) => error,
  );
}

function expectUnavailable(error: unknown): void {
  expect(isDatabaseUnavailable(error), inspect(error, { depth: 5 })).toBe(true);
}

describe("a real refusal", () => {
  it("is recognised as a unique violation, in a transaction and as a raw query too", async () => {
    await db.user.create({ data: ada });
    const again = await errorOf(db.user.create({ data: ada }));
    expect(isUniqueViolation(again)).toBe(true);
    expect(isDatabaseUnavailable(again)).toBe(false);
    expect(isUniqueViolation(await errorOf(db.$transaction((tx) => tx.user.create({ data: ada }))))).toBe(
      true,
    );
    const raw = `INSERT INTO "RateLimit" ("key", "points") VALUES ('twice', 1)`;
    await db.$executeRawUnsafe(raw);
    expect(isUniqueViolation(await errorOf(db.$executeRawUnsafe(raw)))).toBe(true);
  });

  it("of another kind is not", async () => {
    const orphan = { userId: "nobody", tokenHash: "t", expiresAt: new Date() };
    const missing = { where: { id: "nobody" }, data: { name: "x" } };
    for (const attempt of [
      db.session.create({ data: orphan }),
      db.user.update(missing),
      db.$queryRawUnsafe("SELECT FROM WHERE"),
    ]) {
      const error = await errorOf(attempt);
      expect(isUniqueViolation(error)).toBe(false);
      expect(isDatabaseUnavailable(error)).toBe(false);
    }
  });
});

describe.runIf(runsOn() === "sqlite")("a SQLite file", () => {
  it("that cannot be opened makes the database unavailable, and is found again", async () => {
    const folder = join(newFolder(), "away");
    const away = openSqlite(join(folder, "latchkey.db"));
    expectUnavailable(await errorOf(away.user.findFirst()));
    mkdirSync(folder);
    await migrate(`file:${join(folder, "latchkey.db")}`);
    expect(await away.user.findFirst()).toBeNull();
    await away.$disconnect();
  });

  it.runIf(process.getuid?.() !== 0)("that may not be written makes the database unavailable", async () => {
    const path = join(newFolder(), "read-only.db");
    await migrate(`file:${path}`);
    chmodSync(path, 0o400);
    const readOnly = openSqlite(path);
    expectUnavailable(await errorOf(readOnly.user.create({ data: ada })));
    await readOnly.$disconnect();
  });
});

describe.runIf(runsOn() === "postgres")("a PostgreSQL server", () => {
  let server: PostgresServer | undefined;
  afterAll(() => server?.stop());

  it("that stops is recognised, in whatever words, and is found again", async () => {
    server = await startPostgres();
    await migrate(server.url);
    const client = openPostgres(server.url);
    await Promise.all(Array.from({ length: 5 }, () => client.user.count()));

    const inFlight = errorOf(client.$queryRawUnsafe("SELECT pg_sleep(4)::text"));
    const inTransaction = errorOf(
      client.$transaction(async (tx) => {
        await tx.user.create({ data: ada });
        await server?.stopServer();
        await tx.user.count();
      }),
    );
    expectUnavailable(await inFlight);
    expectUnavailable(await inTransaction);
    expectUnavailable(await errorOf(client.user.findFirst()));
    expectUnavailable(await errorOf(client.user.create({ data: ada })));
    expectUnavailable(await errorOf(client.$queryRawUnsafe("SELECT 1")));
    expectUnavailable(await errorOf(client.$transaction((tx) => tx.user.count())));

    await server.startAgain();
    expect(await client.user.count()).toBe(0);
    await client.user.create({ data: ada });
    await client.$disconnect();
  }, 60_000);

  it.each(["EPIPE", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"])(
    "whose connection breaks with the system's %s is recognised",
    async (code) => {
      const broken = () =>
        Promise.reject(Object.assign(new Error(`write ${code}`), { code, syscall: "write" }));
      for (const ask of [
        (client: Db) => client.user.findFirst(),
        (client: Db) => client.$queryRawUnsafe("SELECT 1"),
        (client: Db) => client.$transaction((tx) => tx.user.findFirst()),
      ]) {
        const client = openPostgres(process.env.DATABASE_URL ?? "") as unknown as Db;
        const query = vi.spyOn(pg.Client.prototype, "query").mockImplementation(broken);
        const error = await errorOf(ask(client));
        query.mockRestore();
        expectUnavailable(error);
        await client.$disconnect();
      }
    },
  );

  it("that was left behind keeps no connection: one that only reads is found out once, and none opened before it is used again", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const client = openPostgres(process.env.DATABASE_URL ?? "");
    const backends = () =>
      Promise.all(
        Array.from({ length: 5 }, () =>
          client.$transaction(async (tx) => {
            const [row] = await tx.$queryRawUnsafe<{ pid: number }[]>(
              "SELECT pg_backend_pid() AS pid, pg_sleep(0.2)::text",
            );
            return Number(row?.pid);
          }),
        ),
      );
    // As after a failover: what is open leads to a server that only reads, and what is opened does not.
    const failOver = () =>
      Promise.all(
        Array.from({ length: 5 }, () =>
          client.$transaction(async (tx) => {
            await tx.$executeRawUnsafe("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
            await tx.$queryRawUnsafe("SELECT pg_sleep(0.2)::text");
          }),
        ),
      );
    const old = await backends();
    expect(new Set(old).size).toBe(5);
    await failOver();
    const write = (key: string) =>
      client.$transaction((tx) => tx.rateLimit.create({ data: { key, points: 1 } }));
    expectUnavailable(await errorOf(write("first")));
    const left = () => db.$queryRaw`SELECT pid FROM pg_stat_activity WHERE pid = ANY(${old})`;
    await expect.poll(left, { message: "the old server is let go of at once" }).toEqual([]);
    await Promise.all(Array.from({ length: 5 }, (_, index) => write(`next ${index}`)));
    const next = await backends();
    expect(next.filter((pid) => old.includes(pid))).toEqual([]);

    await failOver();
    expectUnavailable(await errorOf(write("second")));
    expect((await backends()).sort(), "it is left again only after a while").toEqual(next.sort());
    vi.advanceTimersByTime(5_000);
    expectUnavailable(await errorOf(write("third")));
    expect((await backends()).filter((pid) => next.includes(pid))).toEqual([]);
    vi.useRealTimers();
    await client.$disconnect();
  });

  it("that says nothing any more is given up, and none of the connections to it is used again", async () => {
    const address = await openStableAddress(process.env.DATABASE_URL ?? "");
    const client = openPostgres(address.url);
    const askAll = () =>
      Promise.all(Array.from({ length: 5 }, () => client.$queryRawUnsafe("SELECT pg_sleep(0.1)::text")));
    await askAll();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    address.silence();
    const error = errorOf(client.user.findFirst());
    for (let second = 0; second < 10; second++) await vi.advanceTimersByTimeAsync(1_000);
    expectUnavailable(await error);
    await askAll(); // on one of the others each of these would wait as long
    vi.useRealTimers();
    await client.$disconnect();
    await address.close();
  });

  it("that only reads is recognised", async () => {
    const write = db.$transaction(async (tx) => {
      await tx.$executeRawUnsafe("SET TRANSACTION READ ONLY");
      await tx.user.updateMany({ data: { name: "x" } });
    });
    expectUnavailable(await errorOf(write));
  });

  it("that ends one of two transactions which wait for each other gets that one once more", async () => {
    const ids = ["x", "y"];
    for (const id of ids)
      await db.user.create({ data: { ...ada, id, usernameCanonical: id, emailCanonical: id } });
    let holding = 0;
    const renameBoth = ([first, second]: string[]) =>
      db.$transaction(async (tx) => {
        await tx.user.update({ where: { id: first }, data: { name: "x" } });
        holding++;
        while (holding < 2) await new Promise(setImmediate);
        await tx.user.update({ where: { id: second }, data: { name: "x" } });
      });
    await Promise.all([renameBoth(ids), renameBoth(ids.toReversed())]);
    expect(holding, "one of them began twice").toBeGreaterThanOrEqual(3);
  });

  it.each(["40001", "40P01"])(
    "that ends a transaction with %s gets it twice, and is then recognised",
    async (code) => {
      const name = `tries_${code.toLowerCase()}`;
      await db.$executeRawUnsafe(`CREATE SEQUENCE ${name}`); // no rollback takes its numbers back
      const lose = `DO $$ BEGIN PERFORM nextval('${name}'); RAISE 'lost' USING ERRCODE = '${code}'; END $$`;
      const tries = async () => {
        const [row] = await db.$queryRawUnsafe<{ last: bigint }[]>(`SELECT last_value AS last FROM ${name}`);
        return Number(row?.last);
      };
      expectUnavailable(await errorOf(db.$transaction((tx) => tx.$executeRawUnsafe(lose))));
      expect(await tries()).toBe(2);
      expectUnavailable(await errorOf(db.$executeRawUnsafe(lose)));
      expect(await tries()).toBe(4);
      let begun = 0;
      const broken = db.$transaction((tx) => {
        begun++;
        return tx.$queryRawUnsafe("SELECT 1/0");
      });
      expect(isDatabaseUnavailable(await errorOf(broken))).toBe(false);
      expect(begun, "any other error ends it").toBe(1);
    },
  );

  it("that holds a lock too long is recognised", async () => {
    const { id } = await db.user.create({ data: { ...ada, usernameCanonical: "l", emailCanonical: "l" } });
    const rename = (name: string) => ({ where: { id }, data: { name } });
    const holder = db.$transaction(
      async (tx) => {
        await tx.user.update(rename("first"));
        return await errorOf(db.user.update(rename("second")));
      },
      { timeout: 10_000 },
    );
    expectUnavailable(await holder);
  });
});
