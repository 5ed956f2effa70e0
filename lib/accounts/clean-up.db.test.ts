import { randomUUID } from "node:crypto";
import { expect, it, vi } from "vitest";
import { db } from "../platform/db";
import { BATCH_ROWS } from "../platform/db/in-batches";
import { withLease } from "../platform/db/lease";
import { AUDIT_RETENTION_MS } from "../security/audit";
import { IDLE_MS } from "../security/sessions";
import { KNOWN_BROWSER_DAYS } from "../shared/limits";
import { DAY_MS, SECOND_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import { collectLog } from "../testing/log-lines";
import { newPerson } from "../testing/people";
import { DEAD_SESSION_KEPT_MS, purge } from "./clean-up";

const log = collectLog();

const NOW = Date.now();
const inFuture = new Date(NOW + DEAD_SESSION_KEPT_MS);

const userId = (
  await db.user.create({
    data: { username: "ada", usernameCanonical: "ada", email: "a@b.co", emailCanonical: "a@b.co" },
    select: { id: true },
  })
).id;

async function newSession(isRemembered: boolean, lastSeenAt: Date, expiresAt: Date): Promise<string> {
  const data = { tokenHash: randomUUID(), userId, isRemembered, lastSeenAt, expiresAt };
  return (await db.session.create({ data, select: { id: true } })).id;
}

const isThere = async (id: string) => (await db.session.count({ where: { id } })) === 1;
const ago = (ms: number) => new Date(NOW - ms);

it("removes sessions a day past their end, and none before", async () => {
  const gone = await newSession(false, ago(0), ago(DEAD_SESSION_KEPT_MS + SECOND_MS));
  const dead = await newSession(false, ago(0), ago(DEAD_SESSION_KEPT_MS - SECOND_MS));
  const alive = await newSession(false, ago(0), inFuture);
  await purge(NOW);
  expect([await isThere(gone), await isThere(dead), await isThere(alive)]).toEqual([false, true, true]);
});

it.each([
  ["browser", false],
  ["remembered", true],
] as const)("removes a %s session that has lain unused for a day too long", async (kind, isRemembered) => {
  const end = IDLE_MS[kind] + DEAD_SESSION_KEPT_MS;
  const gone = await newSession(isRemembered, ago(end + SECOND_MS), inFuture);
  const dead = await newSession(isRemembered, ago(end - SECOND_MS), inFuture);
  await purge(NOW);
  expect([await isThere(gone), await isThere(dead)]).toEqual([false, true]);
});

it("removes logins that have waited too long for their second factor, and no others", async () => {
  for (const [tokenHash, expiresAt] of [
    ["waited", ago(SECOND_MS)],
    ["waits", inFuture],
  ] as const)
    await db.pendingLogin.create({
      data: { tokenHash, userId, how: "password", isRemembered: false, expiresAt },
    });
  expect(await purge(NOW)).toMatchObject({ pendingLogins: 1 });
  expect(await db.pendingLogin.findMany({ select: { tokenHash: true } })).toEqual([{ tokenHash: "waits" }]);
});

it("removes expired links and, without a mail server, expired emails", async () => {
  const tokenOf = (tokenHash: string, expiresAt: Date) =>
    db.linkToken.create({
      data: { tokenHash, purpose: "reset-password", userId, email: "a@b.co", expiresAt },
    });
  const emailOf = (id: string, expiresAt: Date) =>
    db.outboxEmail.create({ data: { id, sealed: "", dueAt: new Date(NOW), expiresAt } });
  for (const make of [tokenOf, emailOf]) {
    await make("gone", ago(SECOND_MS));
    await make("kept", inFuture);
  }
  await purge(NOW);
  expect((await db.linkToken.findMany()).map(({ tokenHash }) => tokenHash)).toEqual(["kept"]);
  expect((await db.outboxEmail.findMany()).map(({ id }) => id)).toEqual(["kept"]);
});

itOnce("removes browsers that no account knows any more", async () => {
  const browserOf = (tokenHash: string, lastLoginAt: Date) =>
    db.knownBrowser.create({ data: { tokenHash, userId, lastLoginAt } });
  await browserOf("gone", ago(KNOWN_BROWSER_DAYS * DAY_MS));
  await browserOf("kept", ago(KNOWN_BROWSER_DAYS * DAY_MS - SECOND_MS));
  await purge(NOW);
  expect((await db.knownBrowser.findMany()).map(({ tokenHash }) => tokenHash)).toEqual(["kept"]);
});

it("removes old history and windows of rate limits that are over", async () => {
  const at = ago(AUDIT_RETENTION_MS + SECOND_MS);
  const { id } = await db.auditEvent.create({ data: { event: "login", userId, at }, select: { id: true } });
  await db.rateLimit.create({ data: { key: "over", points: 1, expire: ago(SECOND_MS) } });
  await purge(NOW);
  expect(await db.auditEvent.count({ where: { id } })).toBe(0);
  expect(await db.rateLimit.count({ where: { key: "over" } })).toBe(0);
});

itOnce("lets no account lapse where a login needs no confirmed address", async () => {
  const { id } = await newPerson({ isVerified: false });
  const data = { wasConfirmationRequired: true, createdAt: ago(365 * DAY_MS) };
  await db.user.update({ where: { id }, data, select: { id: true } });
  await purge(NOW);
  expect(await db.user.count({ where: { id } })).toBe(1);
});

it("removes more than one batch holds, and leaves what is alive among it", async () => {
  const expired = { userId, lastSeenAt: ago(0), expiresAt: ago(2 * DEAD_SESSION_KEPT_MS) };
  await db.session.createMany({
    data: Array.from({ length: 2 * BATCH_ROWS + 1 }, () => ({ ...expired, tokenHash: randomUUID() })),
  });
  const alive = await newSession(false, ago(0), inFuture);
  expect(await purge(NOW)).toMatchObject({ sessions: 2 * BATCH_ROWS + 1, erased: 0 });
  expect(await isThere(alive)).toBe(true);
});

itOnce("does all else where one step fails, says what went, and fails then", async () => {
  const gone = await newSession(false, ago(0), ago(2 * DEAD_SESSION_KEPT_MS));
  await db.rateLimit.create({ data: { key: "over", points: 1, expire: ago(SECOND_MS) } });
  const failing = vi.spyOn(db.session, "deleteMany").mockRejectedValueOnce(new Error("no one foresaw that"));
  await expect(purge(NOW)).rejects.toThrow("no one foresaw that");
  failing.mockRestore();
  expect(await db.rateLimit.count({ where: { key: "over" } })).toBe(0);
  expect(await isThere(gone)).toBe(true);
  expect(log.lines().filter(({ event }) => event === "error")).toHaveLength(1);
  expect(log.lines().at(-1)).toMatchObject({ event: "cleaned-up", sessions: 0, limits: 1 });
  expect(await purge(NOW), "the next one").toMatchObject({ sessions: 1 });
});

it("does nothing while another process does it", async () => {
  const gone = await newSession(false, ago(0), ago(2 * DEAD_SESSION_KEPT_MS));
  expect(await withLease("clean-up", () => purge(NOW))).toBeNull();
  expect(await isThere(gone)).toBe(true);
  const both = await Promise.all([purge(NOW), purge(NOW)]);
  expect(both.reduce((sum, purged) => sum + (purged?.sessions ?? 0), 0)).toBe(1);
});
