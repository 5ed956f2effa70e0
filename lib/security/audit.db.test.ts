import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";

/** What was put off until the answer is out; null: there is no answer under way. */
const { deferred } = vi.hoisted(() => ({ deferred: { work: null as (() => Promise<void>)[] | null } }));

vi.mock("next/server", () => ({
  after(work: () => Promise<void>) {
    if (!deferred.work) throw new Error("called outside a request");
    deferred.work.push(work);
  },
}));

import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { HISTORY_ROWS_PER_DAY, HISTORY_ROWS_PER_NETWORK } from "../shared/limits";
import { DAY_MS } from "../shared/units";
import { runsOn } from "../testing/database";
import { itOnce } from "../testing/it-once";
import { collectLog, type LogLines } from "../testing/log-lines";
import { AUDIT_RETENTION_MS, purgeAuditEvents, record } from "./audit";

const client: ClientInfo = {
  requestId: "r-1",
  ip: "203.0.113.9",
  userAgent: "a test",
  browserToken: "hush-hush",
};
/** What of the client is kept: not the cookie. */
const from = { requestId: "r-1", ip: "203.0.113.9", userAgent: "a test" };

let logged: LogLines;

beforeEach(() => {
  logged = collectLog();
  deferred.work = null;
});

async function newUserId(): Promise<string> {
  const name = `u${randomUUID().slice(0, 12)}`;
  const email = `${name}@example.com`;
  const user = await db.user.create({
    data: { username: name, usernameCanonical: name, email, emailCanonical: email },
    select: { id: true },
  });
  return user.id;
}

const historyOf = (userId: string) => db.auditEvent.findMany({ where: { userId } });

describe("record", () => {
  it("writes a line and a row that say the same", async () => {
    const userId = await newUserId();
    await record("login", { userId }, client);
    expect(logged.lines()).toEqual([expect.objectContaining({ event: "login", userId, ...from })]);
    const [row, ...others] = await historyOf(userId);
    expect(row).toMatchObject({ event: "login", userId, ...from });
    expect(Math.abs(Date.now() - (row?.at.getTime() ?? 0))).toBeLessThan(60_000);
    expect(others).toEqual([]);
    expect(logged.text() + JSON.stringify(row)).not.toContain("hush-hush");
  });

  itOnce("keeps no row of a limit that was met, however often, and a line of each", async () => {
    const userId = await newUserId();
    for (const event of ["verification-throttled", "email-change-throttled"] as const)
      await record(event, { userId }, client);
    expect(await historyOf(userId)).toEqual([]);
    expect(logged.lines()).toHaveLength(2);
  });

  it("keeps so many rows of one kind a day, and those of other kinds all the same", async () => {
    const userId = await newUserId();
    for (let times = 0; times < HISTORY_ROWS_PER_DAY + 3; times++)
      await record("login-failed", { userId }, { ...client, ip: `198.51.100.${times}` });
    expect(await historyOf(userId)).toHaveLength(HISTORY_ROWS_PER_DAY);
    expect(logged.lines()).toHaveLength(HISTORY_ROWS_PER_DAY + 3);
    await record("login", { userId }, client);
    await db.$transaction((tx) => record("password-reset", { userId }, client, tx));
    expect(await historyOf(userId)).toHaveLength(HISTORY_ROWS_PER_DAY + 2);

    await db.auditEvent.updateMany({ where: { userId }, data: { at: new Date(Date.now() - DAY_MS) } });
    await record("login-failed", { userId }, client);
    expect(await historyOf(userId), "another day").toHaveLength(HISTORY_ROWS_PER_DAY + 3);
  });

  itOnce("keeps room for other networks beside one that fails all day", async () => {
    const userId = await newUserId();
    const addresses = ["2001:db8::1", "2001:db8::2"]; // one network
    for (let times = 0; times < HISTORY_ROWS_PER_NETWORK + 4; times++)
      await record("login-failed", { userId }, { ...client, ip: addresses[times % 2] ?? null });
    expect(await historyOf(userId)).toHaveLength(HISTORY_ROWS_PER_NETWORK);
    await record("login-failed", { userId }, { ...client, ip: "2001:db8:0:1::1" });
    expect(await historyOf(userId)).toHaveLength(HISTORY_ROWS_PER_NETWORK + 1);
    for (let times = 0; times < HISTORY_ROWS_PER_NETWORK + 4; times++)
      await record("login", { userId }, client);
    expect(await historyOf(userId), "what only its owner does").toHaveLength(
      2 * HISTORY_ROWS_PER_NETWORK + 5,
    );
  });

  itOnce(
    "keeps few rows of what one network does again and again, with a change or without, and a line of each",
    async () => {
      const userId = await newUserId();
      const cheap = [
        "login-locked",
        "session-ended",
        "other-sessions-ended",
        "browser-forgotten",
        "logout",
      ] as const;
      for (let times = 0; times < HISTORY_ROWS_PER_NETWORK + 2; times++)
        for (const event of cheap) {
          await db.$transaction((tx) => record(event, { userId }, client, tx));
          await record(event, { userId }, client);
        }
      expect(await historyOf(userId)).toHaveLength(cheap.length * HISTORY_ROWS_PER_NETWORK);
      expect(logged.lines()).toHaveLength(2 * cheap.length * (HISTORY_ROWS_PER_NETWORK + 2));
      await record("logout", { userId }, { ...client, ip: "198.51.100.1" });
      expect(await historyOf(userId), "another network's").toHaveLength(
        cheap.length * HISTORY_ROWS_PER_NETWORK + 1,
      );
    },
  );

  itOnce("keeps an important event whatever came before it, and never more than so many a day", async () => {
    const userId = await newUserId();
    const flood = async (network: string) => {
      for (let times = 0; times < HISTORY_ROWS_PER_DAY; times++)
        await record("login", { userId }, { ...client, ip: `${network}${times}::1`, requestId: `${times}` });
    };
    const stranger = { ...client, ip: "198.51.100.1", userAgent: "a thief's" };
    await flood("2001:db8:0:"); // one /48
    await record("login", { userId }, stranger);
    await db.$transaction((tx) => record("re-authenticated", { userId }, stranger, tx));
    await flood("2001:db8:0:");
    await record("login", { userId }, { ...client, requestId: "last" });

    const logins = await db.auditEvent.findMany({
      where: { userId, event: "login" },
      orderBy: { at: "asc" },
    });
    expect(logins).toHaveLength(HISTORY_ROWS_PER_DAY);
    expect(logins.filter(({ userAgent }) => userAgent === "a thief's")).toHaveLength(1);
    expect(logins[0]?.requestId).toBe("0");
    expect(logins.slice(-2).map(({ requestId }) => requestId)).toEqual([
      `${HISTORY_ROWS_PER_DAY - 1}`,
      "last",
    ]);
    expect(await db.auditEvent.count({ where: { userId, event: "re-authenticated" } })).toBe(1);
  });

  it("counts a day in UTC, as the history tells it", async () => {
    const userId = await newUserId();
    const midnight = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
    const before = { event: "login-failed", userId, ip: client.ip, at: new Date(midnight.getTime() - 1) };
    await db.auditEvent.createMany({ data: Array.from({ length: HISTORY_ROWS_PER_NETWORK }, () => before) });
    for (let times = 0; times < HISTORY_ROWS_PER_NETWORK + 1; times++)
      await record("login-failed", { userId }, client);
    expect(await db.auditEvent.count({ where: { userId, at: { gte: midnight } } })).toBe(
      HISTORY_ROWS_PER_NETWORK,
    );
  });

  itOnce("keeps no row of what concerns no account", async () => {
    const before = await db.auditEvent.count();
    await record("login-failed", { userId: null }, client);
    await record("login-throttled", { userId: null }, client);
    expect(logged.lines()).toHaveLength(2);
    expect(await db.auditEvent.count()).toBe(before);
  });

  it("keeps the row with the change it tells of, or neither", async () => {
    const userId = await newUserId();
    await db.$transaction(async (tx) => {
      await record("login", { userId }, client, tx);
      expect(logged.lines(), "it may still be undone").toEqual([]);
    });
    expect(await historyOf(userId)).toHaveLength(1);
    expect(logged.lines()).toHaveLength(1);
    const failed = db.$transaction(async (tx) => {
      await record("login", { userId }, client, tx);
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    expect(await historyOf(userId)).toHaveLength(1);
    expect(logged.lines()).toHaveLength(1);
  });

  it.runIf(runsOn() === "postgres")(
    "tells once of a change that was begun again for another one's sake",
    async () => {
      const userId = await newUserId();
      let begun = 0;
      await db.$transaction(async (tx) => {
        await record("login", { userId }, client, tx);
        if (++begun === 1)
          await tx.$executeRawUnsafe("DO $$ BEGIN RAISE 'lost' USING ERRCODE = '40001'; END $$");
      });
      expect(begun).toBe(2);
      expect(logged.lines()).toHaveLength(1);
      expect(await historyOf(userId)).toHaveLength(1);
    },
  );

  it("does not let a change pass whose row cannot be written", async () => {
    const userId = await newUserId();
    const change = db.$transaction(async (tx) => {
      await tx.user.update({ where: { id: userId }, data: { name: "changed" } });
      await record("login", { userId: "nobody-has-this-id" }, client, tx);
    });
    await expect(change).rejects.toThrow();
    expect(await db.user.findUnique({ where: { id: userId }, select: { name: true } })).toEqual({
      name: null,
    });
    expect(logged.lines()).toEqual([]);
  });

  it("lets a login pass whose row cannot be written, and says so", async () => {
    await record("login", { userId: "nobody-has-this-id" }, client);
    expect(logged.lines().map(({ event }) => event)).toEqual(["login", "error"]);
  });

  itOnce("writes a failure's row only once the answer is out", async () => {
    const userId = await newUserId();
    deferred.work = [];
    await record("login-failed", { userId }, client);
    expect(logged.lines()).toHaveLength(1);
    expect(await historyOf(userId)).toEqual([]);
    for (const work of deferred.work) await work();
    expect(await historyOf(userId)).toMatchObject([{ event: "login-failed", ...from }]);
  });

  itOnce("writes a login's row before the answer", async () => {
    const userId = await newUserId();
    deferred.work = [];
    await record("login", { userId }, client);
    expect(deferred.work).toEqual([]);
    expect(await historyOf(userId)).toHaveLength(1);
  });

  itOnce("writes a failure's row at once where no answer is under way", async () => {
    const userId = await newUserId();
    await record("login-failed", { userId }, client);
    expect(await historyOf(userId)).toHaveLength(1);
  });

  it("keeps any text that a browser sends as its name", async () => {
    const userId = await newUserId();
    const userAgent = '"; DROP TABLE "AuditEvent"; --\n{"event":"login"}\u2028\u001b[31m';
    await record("logout", { userId }, { ...client, userAgent });
    expect(await historyOf(userId)).toMatchObject([{ userAgent }]);
    expect(logged.lines()).toHaveLength(1);
  });
});

describe("purgeAuditEvents", () => {
  it("deletes what is older than the retention, and nothing younger", async () => {
    const userId = await newUserId();
    const now = Date.now();
    for (const ago of [AUDIT_RETENTION_MS + 1000, AUDIT_RETENTION_MS - 1000, 0])
      await db.auditEvent.create({ data: { event: "login", userId, at: new Date(now - ago) } });
    await purgeAuditEvents(now);
    const kept = (await historyOf(userId)).map(({ at }) => now - at.getTime());
    expect(kept.sort((a, b) => a - b)).toEqual([0, AUDIT_RETENTION_MS - 1000]);
  });
});
