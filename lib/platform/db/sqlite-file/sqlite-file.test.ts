import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "libsql";
import { afterEach, describe, expect, it } from "vitest";
import { PrismaClient } from "../../../../prisma/client/sqlite/client";
import { newFolder } from "../../../testing/database";
import { outputOf, startScript } from "../../../testing/jiti";
import { isDatabaseUnavailable } from "../errors";
import { migrate } from "../migrations/migrate";
import { PrismaSqliteFile } from "./sqlite-file";

const open: PrismaClient[] = [];

afterEach(async () => {
  for (const db of open.splice(0)) await db.$disconnect();
});

/** A migrated file; what an upgrade of libsql or of the adapter could break is tried on it. */
async function newFile(): Promise<string> {
  const path = join(newFolder(), "file.db");
  await migrate(`file:${path}`);
  return path;
}

function client(path: string, waitMs?: number): PrismaClient {
  const db = new PrismaClient({ adapter: new PrismaSqliteFile(path, waitMs) });
  open.push(db);
  return db;
}

function person(name: string) {
  return { username: name, usernameCanonical: name, email: name, emailCanonical: name };
}

describe("a lock held by another connection", () => {
  it("longer than a write waits fails that write, and the connection works again afterwards", async () => {
    const path = await newFile();
    const db = client(path, 200);
    await db.user.create({ data: person("before") });

    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const refused = await db.user.create({ data: person("refused") }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "P1008" });
    expect(isDatabaseUnavailable(refused)).toBe(true);
    const unbegun = db.$transaction((tx) => tx.user.create({ data: person("unbegun") }));
    expect(isDatabaseUnavailable(await unbegun.catch((error: unknown) => error))).toBe(true);
    expect(await db.user.count()).toBe(1); // readers do not mind
    other.exec("ROLLBACK");

    await db.user.create({ data: person("after") });
    await db.$transaction((tx) => tx.user.create({ data: person("in a transaction") }));
    const names = other.prepare('SELECT username FROM "User" ORDER BY createdAt').raw().all().flat();
    expect(names).toEqual(["before", "after", "in a transaction"]);
    other.exec("BEGIN IMMEDIATE; ROLLBACK"); // no connection still holds the write lock
    other.close();
  });

  it("shorter than that is waited out without stopping the event loop", async () => {
    const path = await newFile();
    const db = client(path);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const write = db.user.create({ data: person("patient") }).then((user) => user);
    await sleep(600);
    other.exec("COMMIT"); // which comes too late where this thread was stopped meanwhile
    expect((await write).username).toBe("patient");
    other.close();
  });

  it("past the time to begin a transaction reports the database as unavailable", async () => {
    const path = await newFile();
    const db = client(path);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const late = db.$transaction((tx) => tx.user.create({ data: person("late") }), { maxWait: 100 });
    const error = await late.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "P2028" });
    expect(isDatabaseUnavailable(error)).toBe(true);
    other.exec("ROLLBACK");
    await db.user.create({ data: person("next") });
    expect(await db.user.count()).toBe(1);
    other.close();
  });
});

describe("several processes", () => {
  it("read and then write the same row three hundred times and lose none", async () => {
    const path = await newFile();
    await client(path).user.create({ data: { ...person("counter"), name: "0" } });
    await Promise.all(["1", "2", "3"].map(() => outputOf(startScript("count-up.ts", [path, "100"]))));
    expect((await client(path).user.findFirstOrThrow()).name).toBe("300");
  });

  it("lose nothing acknowledged when they are killed in the middle of writing", async () => {
    const path = await newFile();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const child = startScript("insert-for-ever.ts", [path]);
      let output = "";
      const closed = new Promise((resolve) => child.once("close", resolve));
      await new Promise<void>((resolve) =>
        child.stdout?.setEncoding("utf8").on("data", (text: string) => {
          output += text;
          if (output.length > 4_000) resolve();
        }),
      );
      await sleep(Math.random() * 50);
      child.kill("SIGKILL");
      await closed;
      acknowledged.push(...output.split("\n").slice(0, -1)); // the last line may be half a name
    }
    const users = await client(path).user.findMany();
    const kept = new Set(users.map(({ username }) => username));
    expect(acknowledged.length).toBeGreaterThan(300);
    expect(acknowledged.filter((name) => !kept.has(name))).toEqual([]);
    expect(users.filter(({ name }) => name === "half done")).toEqual([]);
    expect(await client(path).$queryRawUnsafe("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  }, 60_000);
});

describe("the connection", () => {
  it("is made durable and checks foreign keys", async () => {
    const db = client(await newFile());
    expect(await db.$queryRawUnsafe("PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
    expect(await db.$queryRawUnsafe("PRAGMA synchronous")).toEqual([{ synchronous: 2 }]); // 2 is FULL
    expect(await db.$queryRawUnsafe("PRAGMA foreign_keys")).toEqual([{ foreign_keys: 1 }]);
  });

  it("reads while a transaction is open, and sees what that did as soon as it is acknowledged", async () => {
    const db = client(await newFile());
    await db.$transaction(async (tx) => {
      await tx.user.create({ data: person("nearly there") });
      expect(await db.user.count()).toBe(0);
      expect(await tx.user.count()).toBe(1);
    });
    expect(await db.user.count()).toBe(1);
    for (let count = 2; count < 100; count++) {
      await db.user.create({ data: person(String(count)) });
      expect(await db.user.count()).toBe(count);
    }
  });

  it.runIf(process.platform === "linux")(
    "opens no more files over three hundred transactions",
    async () => {
      const db = client(await newFile());
      const transact = (count: number) =>
        db.$transaction((tx) => tx.user.create({ data: person(String(count)) }));
      await transact(-1);
      const before = readdirSync("/proc/self/fd").length;
      for (let count = 0; count < 300; count++) await transact(count);
      expect(readdirSync("/proc/self/fd").length).toBeLessThan(before + 5);
    },
    60_000,
  );

  it("works on after a statement it refused, inside a transaction and out", async () => {
    const db = client(await newFile());
    await expect(db.$executeRawUnsafe("INSERT INTO nowhere VALUES (1)")).rejects.toThrow();
    const failed = db.$transaction(async (tx) => {
      await tx.user.create({ data: person("undone") });
      await tx.$executeRawUnsafe("INSERT INTO nowhere VALUES (1)");
    });
    await expect(failed).rejects.toThrow();
    await db.user.create({ data: person("kept") });
    expect((await db.user.findMany()).map(({ username }) => username)).toEqual(["kept"]);
  });

  it("keeps whole numbers, fractions, text and bytes as they are", async () => {
    const db = client(await newFile());
    await db.$executeRawUnsafe("CREATE TABLE v (i INTEGER, b BIGINT, r REAL, t TEXT, x BLOB)");
    const bytes = new Uint8Array([0, 1, 255]);
    await db.$executeRawUnsafe(
      "INSERT INTO v VALUES (?, ?, ?, ?, ?)",
      7,
      2n ** 60n + 1n,
      0.5,
      "ﬁ — 😀",
      bytes,
    );
    expect(await db.$queryRawUnsafe("SELECT * FROM v")).toEqual([
      { i: 7, b: 2n ** 60n + 1n, r: 0.5, t: "ﬁ — 😀", x: bytes },
    ]);
    expect(await db.$queryRawUnsafe("SELECT typeof(i) AS i FROM v")).toEqual([{ i: "integer" }]);
  });
});
