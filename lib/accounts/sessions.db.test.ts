import { afterEach, describe, expect, it, vi } from "vitest";

/** What was put off until the answer is out; null: there is no answer under way. */
const { deferred } = vi.hoisted(() => ({ deferred: { work: null as (() => Promise<void>)[] | null } }));

vi.mock("next/server", () => ({
  after(work: () => Promise<void>) {
    if (!deferred.work) throw new Error("called outside a request");
    deferred.work.push(work);
  },
}));

import { hashToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { IDLE_MS, LAST_SEEN_EVERY_MS, openSession } from "../security/sessions";
import { itOnce } from "../testing/it-once";
import { collectLog } from "../testing/log-lines";
import { eventsOf, newClient, newPerson } from "../testing/people";
import { resumeSession } from "./sessions";

const rowOf = (token: string) => db.session.findUnique({ where: { tokenHash: hashToken(token) } });

const lastSeen = (token: string, msAgo: number) =>
  db.session.update({
    where: { tokenHash: hashToken(token) },
    data: { lastSeenAt: new Date(Date.now() - msAgo) },
  });

/** What a database answers that only reads since another one took over. */
const readOnly = () =>
  Promise.reject(
    Object.assign(new Error("cannot execute in a read-only transaction"), {
      code: "P2010",
      meta: { driverAdapterError: { cause: { kind: "postgres", originalCode: "25006" } } },
    }),
  );

afterEach(() => {
  deferred.work = null;
  vi.restoreAllMocks();
});

describe("resumeSession", () => {
  itOnce("notes that a session is in use once the answer is out", async () => {
    const { id } = await newPerson();
    const { token } = await openSession(id, false, newClient());
    const { lastSeenAt } = await lastSeen(token, LAST_SEEN_EVERY_MS);
    deferred.work = [];
    expect(await resumeSession(token, newClient())).toMatchObject({ user: { id } });
    expect((await rowOf(token))?.lastSeenAt).toEqual(lastSeenAt);
    for (const work of deferred.work) await work();
    expect((await rowOf(token))?.lastSeenAt.getTime()).toBeGreaterThan(lastSeenAt.getTime());
  });

  it.each(["before the answer", "after it"])("needs no write that works, %s", async (when) => {
    const logged = collectLog();
    const { id } = await newPerson();
    const { token } = await openSession(id, false, newClient());
    await lastSeen(token, LAST_SEEN_EVERY_MS);
    if (when === "after it") deferred.work = [];
    vi.spyOn(db.session, "updateMany").mockImplementation(readOnly as never);
    expect(await resumeSession(token, newClient())).toMatchObject({ user: { id } });
    for (const work of deferred.work ?? []) await work();
    expect(logged.lines().map(({ event }) => event)).toEqual(["unavailable"]);
  });

  it("refuses an expired one that cannot be removed, and records nothing", async () => {
    const logged = collectLog();
    const { id } = await newPerson();
    const { token } = await openSession(id, false, newClient());
    await lastSeen(token, IDLE_MS.browser);
    vi.spyOn(db.session, "deleteMany").mockImplementation(readOnly as never);
    expect(await resumeSession(token, newClient())).toBeNull();
    expect(logged.lines().map(({ event }) => event)).toEqual(["unavailable"]);
    expect(await eventsOf({ id })).toEqual([]);
  });

  it("answers the live session, and notes at most once a minute that it is in use", async () => {
    const { id } = await newPerson();
    const { token } = await openSession(id, false, newClient());
    const first = await rowOf(token);
    expect(await resumeSession(token, newClient())).toMatchObject({ user: { id } });
    expect(await rowOf(token)).toEqual(first);
    const { lastSeenAt } = await lastSeen(token, LAST_SEEN_EVERY_MS);
    await Promise.all(Array.from({ length: 4 }, () => resumeSession(token, newClient())));
    expect((await rowOf(token))?.lastSeenAt.getTime()).toBeGreaterThan(lastSeenAt.getTime());
    expect(await eventsOf({ id })).toEqual([]);
  });

  it("removes an expired one and records it once, however many requests find it", async () => {
    const { id } = await newPerson();
    const { token } = await openSession(id, false, newClient());
    await lastSeen(token, IDLE_MS.browser);
    const found = await Promise.all(Array.from({ length: 4 }, () => resumeSession(token, newClient())));
    expect(found).toEqual([null, null, null, null]);
    expect(await rowOf(token)).toBeNull();
    expect(await resumeSession(token, newClient())).toBeNull();
    expect(await eventsOf({ id })).toEqual(["session-expired"]);
  });

  itOnce("refuses the session of a locked account, and records nothing", async () => {
    const { id } = await newPerson();
    const { token } = await openSession(id, true, newClient());
    await db.user.update({ where: { id }, data: { lockedByOperatorAt: new Date() } });
    expect(await resumeSession(token, newClient())).toBeNull();
    expect(await eventsOf({ id })).toEqual([]);
  });

  itOnce.each(["", "garbage", "A".repeat(43)])("refuses %j", async (token) => {
    expect(await resumeSession(token, newClient())).toBeNull();
  });
});
