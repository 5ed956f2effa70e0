import { describe, expect, it } from "vitest";
import { db } from "../platform/db";
import { findSession, openSession } from "../security/sessions";
import { itOnce } from "../testing/it-once";
import { eventsOf, newClient, newPerson } from "../testing/people";
import { logOut } from "./log-out";

describe("logOut", () => {
  it("ends this session and no other, and records it once", async () => {
    const { id } = await newPerson();
    const [gone, kept] = [
      await openSession(id, true, newClient()),
      await openSession(id, false, newClient()),
    ];
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => logOut(gone.token, newClient())));
    expect(outcomes.filter(({ userId }) => userId === id)).toHaveLength(1);
    expect(await findSession(gone.token)).toBeNull();
    expect(await findSession(kept.token)).not.toBeNull();
    expect(await eventsOf({ id })).toEqual(["logout"]);
  });

  itOnce("removes the row of a session that has expired, and records no logout", async () => {
    const { id } = await newPerson();
    const { token } = await openSession(id, false, newClient());
    await db.session.updateMany({ where: { userId: id }, data: { expiresAt: new Date() } });
    expect(await logOut(token, newClient())).toEqual({ userId: null });
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
    expect(await eventsOf({ id })).toEqual([]);
  });

  itOnce.each(["", "garbage", "A".repeat(43)])("succeeds with %j, which opens nothing", async (token) => {
    expect(await logOut(token, newClient())).toEqual({ userId: null });
  });
});
