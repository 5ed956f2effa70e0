import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { HOUR_MS } from "../../shared/units";
import { newFolder } from "../../testing/database";
import { db } from ".";

let people = 0;

/** The columns of a user whose names are new. */
function newPerson() {
  const username = `Person-${people++}`;
  const email = `${username}@Example.com`;
  return {
    username,
    usernameCanonical: username.toLowerCase(),
    email,
    emailCanonical: email.toLowerCase(),
    passwordHash: "$2b$12$hash",
  };
}

const inAnHour = () => new Date(Date.now() + HOUR_MS);

describe("a fresh database", () => {
  it("answers for every model", async () => {
    const { id: userId } = await db.user.create({ data: newPerson() });
    await db.session.create({ data: { userId, tokenHash: "t", expiresAt: inAnHour() } });
    await db.account.create({ data: { userId, type: "oidc", provider: "p", providerAccountId: "a" } });
    await db.knownBrowser.create({ data: { userId, tokenHash: "t" } });
    const link = { purpose: "verify-email", tokenHash: "t", userId, email: "e", expiresAt: inAnHour() };
    await db.linkToken.create({ data: link });
    const email = { id: "i", sealed: "s", dueAt: inAnHour(), expiresAt: inAnHour() };
    await db.outboxEmail.create({ data: email });
    await db.rateLimit.create({ data: { key: "k", points: 1 } });
    const backoff = { key: "k", failures: 1, opensAt: inAnHour(), failedAt: new Date() };
    await db.loginBackoff.create({ data: backoff });
    await db.auditEvent.create({ data: { event: "login", userId } });
    expect(await db.user.findFirst()).not.toBeNull();
    expect(await db.session.findFirst()).not.toBeNull();
    expect(await db.account.findFirst()).not.toBeNull();
    expect(await db.knownBrowser.findFirst()).not.toBeNull();
    expect(await db.linkToken.findFirst()).toMatchObject(link);
    expect(await db.outboxEmail.findFirst()).toMatchObject(email);
    expect(await db.rateLimit.findFirst()).not.toBeNull();
    expect(await db.loginBackoff.findFirst()).toMatchObject(backoff);
    expect(await db.auditEvent.findFirst()).not.toBeNull();
  });

  it("keeps moments to the millisecond, in UTC", async () => {
    const expire = new Date("2031-02-03T04:05:06.789Z");
    await db.rateLimit.create({ data: { key: "moment", points: 1, expire } });
    const where = { key: "moment", expire: { gt: new Date("2031-02-03T04:05:06.788Z"), lte: expire } };
    expect((await db.rateLimit.findFirst({ where }))?.expire).toEqual(expire);
    expect(await db.rateLimit.findFirst({ where: { key: "moment", expire: { gt: expire } } })).toBeNull();
  });
});

describe("a user", () => {
  it("comes without the password hash unless it is asked for by name", async () => {
    const created = await db.user.create({ data: newPerson() });
    const where = { id: created.id };
    expect(created).not.toHaveProperty("passwordHash");
    expect(await db.user.findUnique({ where })).not.toHaveProperty("passwordHash");
    expect(await db.user.findMany({ where, include: { sessions: true } })).not.toHaveProperty(
      "0.passwordHash",
    );
    expect(await db.user.update({ where, data: { name: "Ada" } })).not.toHaveProperty("passwordHash");
    expect(await db.$transaction((tx) => tx.user.findUnique({ where }))).not.toHaveProperty("passwordHash");
    expect(await db.user.findUnique({ where, select: { passwordHash: true } })).toEqual({
      passwordHash: "$2b$12$hash",
    });
  });

  it("is deleted with its sessions and accounts", async () => {
    const { id: userId } = await db.user.create({ data: newPerson() });
    await db.session.create({ data: { userId, tokenHash: "gone", expiresAt: inAnHour() } });
    await db.account.create({ data: { userId, type: "oidc", provider: "p", providerAccountId: "gone" } });
    await db.user.delete({ where: { id: userId } });
    expect(await db.session.count({ where: { userId } })).toBe(0);
    expect(await db.account.count({ where: { userId } })).toBe(0);
  });

  it("cannot have a session without existing", async () => {
    const session = { userId: "nobody", tokenHash: "orphan", expiresAt: inAnHour() };
    await expect(db.session.create({ data: session })).rejects.toMatchObject({ code: "P2003" });
  });

  it("is one of fifty who wanted the same name at the same time", async () => {
    const data = newPerson();
    const attempts = await Promise.allSettled(Array.from({ length: 50 }, () => db.user.create({ data })));
    const refused = attempts.filter((attempt) => attempt.status === "rejected");
    expect(refused).toHaveLength(49);
    for (const { reason } of refused) expect(reason.code).toBe("P2002");
    expect(await db.user.count({ where: { usernameCanonical: data.usernameCanonical } })).toBe(1);
  });
});

describe("a transaction", () => {
  it("that rolls back does not take another request's acknowledged write with it", async () => {
    const undone = newPerson();
    const kept = newPerson();
    let write: Promise<unknown> | undefined;
    const transaction = db.$transaction(async (tx) => {
      await tx.user.create({ data: undone });
      write = db.user.create({ data: kept }).then((user) => user);
      await sleep(100);
      throw new Error("roll back");
    });
    await expect(transaction).rejects.toThrow("roll back");
    await write;
    expect(await db.user.count({ where: { username: kept.username } })).toBe(1);
    expect(await db.user.count({ where: { username: undone.username } })).toBe(0);
  });

  it("is not seen from outside before it is committed", async () => {
    const data = newPerson();
    let seen: Promise<number> | undefined;
    await db.$transaction(async (tx) => {
      await tx.user.create({ data });
      seen = db.user.count({ where: { username: data.username } }).then((count) => count);
      await Promise.race([seen, sleep(100)]);
    });
    expect(await seen).toBe(0);
    expect(await db.user.count({ where: { username: data.username } })).toBe(1);

    const dirty = newPerson();
    const rolledBack = db.$transaction(async (tx) => {
      await tx.user.create({ data: dirty });
      seen = db.user.count({ where: { username: dirty.username } }).then((count) => count);
      await Promise.race([seen, sleep(100)]);
      throw new Error("roll back");
    });
    await expect(rolledBack).rejects.toThrow("roll back");
    expect(await seen).toBe(0);
  });

  it("reads and then writes fifty times at once without losing one", async () => {
    const { id } = await db.user.create({ data: { ...newPerson(), name: "0" } });
    const spend = () =>
      db.$transaction(
        async (tx) => {
          // The condition is in the write, as everywhere in this code: both databases then agree on one winner.
          const { name } = await tx.user.findUniqueOrThrow({ where: { id } });
          const { count } = await tx.user.updateMany({
            where: { id, name },
            data: { name: String(Number(name) + 1) },
          });
          return count;
        },
        { maxWait: 15_000, timeout: 15_000 },
      );
    const counts = await Promise.all(Array.from({ length: 50 }, spend));
    const wins = counts.reduce((sum, count) => sum + count, 0);
    expect((await db.user.findUniqueOrThrow({ where: { id } })).name).toBe(String(wins));
    expect(wins).toBeGreaterThan(0);
  });
});

it("importing the client touches no database", async () => {
  const { openSqlite } = await import("./sqlite");
  const { existsSync } = await import("node:fs");
  const path = `${newFolder()}/untouched.db`;
  openSqlite(path);
  expect(existsSync(path)).toBe(false);
});
