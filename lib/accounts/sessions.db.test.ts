import { describe, expect, it } from "vitest";
import { hashToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { IDLE_MS, LAST_SEEN_EVERY_MS, openSession } from "../security/sessions";
import { eventsOf, newClient, newPerson } from "../testing/people";
import { resumeSession } from "./sessions";

const rowOf = (token: string) => db.session.findUnique({ where: { tokenHash: hashToken(token) } });

const lastSeen = (token: string, msAgo: number) =>
  db.session.update({
    where: { tokenHash: hashToken(token) },
    data: { lastSeenAt: new Date(Date.now() - msAgo) },
  });

describe("resumeSession", () => {
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

  it("refuses the session of a locked account, and records nothing", async () => {
    const { id } = await newPerson();
    const { token } = await openSession(id, true, newClient());
    await db.user.update({ where: { id }, data: { lockedByOperatorAt: new Date() } });
    expect(await resumeSession(token, newClient())).toBeNull();
    expect(await eventsOf({ id })).toEqual([]);
  });

  it.each(["", "garbage", "A".repeat(43)])("refuses %j", async (token) => {
    expect(await resumeSession(token, newClient())).toBeNull();
  });
});
