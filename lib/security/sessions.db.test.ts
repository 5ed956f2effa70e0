import { createHash, randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { hashToken, newToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { SESSIONS_MAX } from "../shared/limits";
import { HOUR_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import {
  findLiveTokens,
  findSession,
  IDLE_MS,
  LAST_SEEN_EVERY_MS,
  LIFETIME_MS,
  openSession as open,
  removeExpiredSession,
  revokeSession,
  touchSession,
} from "./sessions";

const client = { ip: "127.0.0.1", userAgent: "a test" };

/** Opens a session and answers its token. */
const openSession = async (...args: Parameters<typeof open>) => (await open(...args)).token;

async function newUserId(): Promise<string> {
  const name = `u${randomUUID().slice(0, 12)}`;
  const user = await db.user.create({
    data: {
      username: name,
      usernameCanonical: name,
      email: `${name}@example.com`,
      emailCanonical: `${name}@example.com`,
    },
    select: { id: true },
  });
  return user.id;
}

const rowOf = (token: string) =>
  db.session.findUnique({ where: { tokenHash: createHash("sha256").update(token).digest("hex") } });

/** Moves a session's moments into the past, as if `ms` had gone by. */
async function age(token: string, moment: "lastSeenAt" | "expiresAt", ms: number): Promise<void> {
  const row = await rowOf(token);
  if (!row) throw new Error("no such session");
  await db.session.update({
    where: { id: row.id },
    data: { [moment]: new Date(row[moment].getTime() - ms) },
  });
}

describe.each([
  ["a browser session", false, "browser"],
  ["a remembered session", true, "remembered"],
] as const)("%s", (_, isRemembered, kind) => {
  it("is found by its token and names its user and its end", async () => {
    const userId = await newUserId();
    const before = Date.now();
    const session = await findSession(await openSession(userId, isRemembered, client));
    expect(session).toMatchObject({ isRemembered, user: { id: userId } });
    expect((session?.expiresAt.getTime() ?? 0) - before).toBeGreaterThanOrEqual(LIFETIME_MS[kind]);
    expect((session?.expiresAt.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(LIFETIME_MS[kind]);
  });

  it("lives until just before it has been idle too long, and not after", async () => {
    const token = await openSession(await newUserId(), isRemembered, client);
    await age(token, "lastSeenAt", IDLE_MS[kind] - 60_000);
    expect(await findSession(token)).not.toBeNull();
    await age(token, "lastSeenAt", IDLE_MS[kind]);
    expect(await findSession(token)).toBeNull();
  });

  it("dies at its absolute end, however busy it is", async () => {
    const token = await openSession(await newUserId(), isRemembered, client);
    await age(token, "expiresAt", LIFETIME_MS[kind]);
    expect(await findSession(token)).toBeNull();
  });

  it("is removed once it has expired, and not before", async () => {
    const userId = await newUserId();
    const token = await openSession(userId, isRemembered, client);
    await age(token, "lastSeenAt", IDLE_MS[kind] - 60_000);
    expect(await removeExpiredSession(token)).toBeNull();
    expect(await rowOf(token)).not.toBeNull();
    await age(token, "lastSeenAt", 60_000);
    const removed = await Promise.all(Array.from({ length: 4 }, () => removeExpiredSession(token)));
    expect(removed.filter((session) => session !== null)).toEqual([{ userId }]);
    expect(await rowOf(token)).toBeNull();
  });
});

describe("findSession", () => {
  itOnce("tells all that pages show of a session and its account", async () => {
    const userId = await newUserId();
    const token = await openSession(userId, true, client);
    const [row, user] = [await rowOf(token), await db.user.findUniqueOrThrow({ where: { id: userId } })];
    const { id, createdAt, provenAt, secondFactorAt, isRemembered, lastSeenAt, expiresAt } = row ?? {};
    const { username, name, email } = user;
    const bare = { isVerified: false, pictureHash: null, hasFormerUsernames: false };
    const shown = { id: userId, username, name, email, createdAt: user.createdAt, ...bare };
    const session = { id, createdAt, provenAt, secondFactorAt, isRemembered, lastSeenAt, expiresAt };
    expect(await findSession(token)).toEqual({ ...session, user: shown });

    const now = new Date();
    await db.user.update({ where: { id: userId }, data: { emailVerified: now, name: "Ada 🗝" } });
    await db.picture.create({ data: { userId, bytes: new Uint8Array([1]), hash: "f0", updatedAt: now } });
    const former = { username: "Former", usernameCanonical: `f${randomUUID()}`, leftAt: now };
    await db.formerUsername.create({ data: { ...former, userId } });
    const full = { name: "Ada 🗝", isVerified: true, pictureHash: "f0", hasFormerUsernames: true };
    expect(await findSession(token)).toEqual({ ...session, user: { ...shown, ...full } });
  });

  it("changes nothing, whether the session is alive or dead", async () => {
    const token = await openSession(await newUserId(), false, client);
    for (const ms of [0, LAST_SEEN_EVERY_MS, IDLE_MS.browser]) {
      await age(token, "lastSeenAt", ms);
      const before = await rowOf(token);
      await findSession(token);
      expect(await rowOf(token)).toEqual(before);
    }
  });

  it.each([
    ["owner", { lockedByOwnerAt: new Date() }],
    ["operator", { lockedByOperatorAt: new Date() }],
  ])("refuses the session of a user locked by the %s", async (_, data) => {
    const userId = await newUserId();
    const token = await openSession(userId, true, client);
    await db.user.update({ where: { id: userId }, data });
    expect(await findSession(token)).toBeNull();
  });

  itOnce("refuses what was never a token of ours", async () => {
    const token = await openSession(await newUserId(), false, client);
    const flipped = (token[0] === "A" ? "B" : "A") + token.slice(1);
    const row = await rowOf(token);
    for (const forged of [
      "",
      "x",
      flipped,
      `${token}x`,
      token.slice(1),
      row?.tokenHash ?? "",
      row?.id ?? "",
      "%00",
      "' OR 1=1--",
      "a".repeat(5000),
    ])
      expect(await findSession(forged)).toBeNull();
    expect(await findSession(token)).not.toBeNull();
  });

  itOnce("refuses the session of a user who is gone", async () => {
    const userId = await newUserId();
    const token = await openSession(userId, true, client);
    await db.user.delete({ where: { id: userId } });
    expect(await findSession(token)).toBeNull();
  });
});

describe("findLiveTokens", () => {
  it("finds one's own behind the cookies of many neighbours, in one query that changes nothing", async () => {
    const [live, idle] = [
      await openSession(await newUserId(), true, client),
      await openSession(await newUserId(), false, client),
    ];
    await age(idle, "lastSeenAt", IDLE_MS.browser);
    const before = await rowOf(live);
    const neighbours = Array.from({ length: 40 }, newToken);
    const asked = vi.spyOn(db.session, "findMany");
    expect(await findLiveTokens([...neighbours, "none", idle, live])).toEqual([live]);
    expect(asked).toHaveBeenCalledTimes(1);
    asked.mockRestore();
    expect(await rowOf(live)).toEqual(before);
    expect(await rowOf(idle)).not.toBeNull();
  });

  it("names the one used last first", async () => {
    const userId = await newUserId();
    const [older, newer] = [await openSession(userId, true, client), await openSession(userId, true, client)];
    await age(older, "lastSeenAt", HOUR_MS);
    expect(await findLiveTokens([older, newer])).toEqual([newer, older]);
  });

  itOnce("names one of an account that is to be deleted last, which is to be ended as well", async () => {
    const [staying, leaver] = [await newUserId(), await newUserId()];
    const [live, leaving] = [
      await openSession(staying, true, client),
      await openSession(leaver, true, client),
    ];
    await age(live, "lastSeenAt", HOUR_MS);
    await db.user.update({ where: { id: leaver }, data: { deleteAt: new Date(Date.now() + HOUR_MS) } });
    expect(await findLiveTokens([leaving, live])).toEqual([live, leaving]);
  });

  itOnce.each(["lockedByOwnerAt", "lockedByOperatorAt"])("finds none of a user with %s", async (lock) => {
    const userId = await newUserId();
    const token = await openSession(userId, true, client);
    await db.user.update({ where: { id: userId }, data: { [lock]: new Date() } });
    expect(await findLiveTokens([token])).toEqual([]);
  });

  itOnce("looks up so many and no more, and nothing that is no token", async () => {
    const token = await openSession(await newUserId(), true, client);
    expect(await findLiveTokens([...Array.from({ length: 50 }, newToken), token])).toEqual([]);
    const asked = vi.spyOn(db.session, "findMany");
    expect(await findLiveTokens(["", "x", "' OR 1=1--"])).toEqual([]);
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });
});

describe("touchSession", () => {
  const touch = async (token: string) => {
    const session = await findSession(token);
    if (session) await touchSession(session);
  };

  it("never moves the absolute end", async () => {
    const token = await openSession(await newUserId(), false, client);
    const end = (await rowOf(token))?.expiresAt;
    await age(token, "lastSeenAt", LAST_SEEN_EVERY_MS);
    await touch(token);
    expect((await rowOf(token))?.expiresAt).toEqual(end);
  });

  it("writes last-seen after a minute, and not before", async () => {
    const token = await openSession(await newUserId(), false, client);
    const first = (await rowOf(token))?.lastSeenAt;
    await touch(token);
    expect((await rowOf(token))?.lastSeenAt).toEqual(first);
    await age(token, "lastSeenAt", LAST_SEEN_EVERY_MS);
    await touch(token);
    expect((await rowOf(token))?.lastSeenAt.getTime()).toBeGreaterThanOrEqual(
      first?.getTime() ?? Number.POSITIVE_INFINITY,
    );
  });
});

describe("removeExpiredSession", () => {
  itOnce.each(["", "never made", "A".repeat(43)])("finds none for %j", async (token) => {
    expect(await removeExpiredSession(token)).toBeNull();
  });

  itOnce("leaves the session of a locked user, which has not expired", async () => {
    const userId = await newUserId();
    const token = await openSession(userId, false, client);
    await db.user.update({ where: { id: userId }, data: { lockedByOwnerAt: new Date() } });
    expect(await removeExpiredSession(token)).toBeNull();
  });
});

describe("openSession", () => {
  it("answers what its row has", async () => {
    const userId = await newUserId();
    const session = await open(userId, true, client);
    expect(session).toMatchObject({ userId, isRemembered: true });
    expect(await rowOf(session.token)).toMatchObject({ userId, expiresAt: session.expiresAt });
  });

  itOnce("makes a new token of 256 random bits each time and keeps only its SHA-256", async () => {
    const userId = await newUserId();
    const tokens = [await openSession(userId, false, client), await openSession(userId, false, client)];
    expect(tokens[0]).not.toBe(tokens[1]);
    for (const token of tokens) {
      expect(Buffer.from(token, "base64url")).toHaveLength(32);
      expect(JSON.stringify(await rowOf(token))).not.toContain(token);
    }
  });

  it("ends the session unused longest when an account has more than twenty, and no other account's", async () => {
    const [userId, other] = [await newUserId(), await newUserId()];
    const elsewhere = await openSession(other, false, client);
    const first = await openSession(userId, true, client);
    const unused = await openSession(userId, true, client);
    const longAgo = new Date(Date.now() - HOUR_MS);
    await db.session.update({ where: { tokenHash: hashToken(unused) }, data: { lastSeenAt: longAgo } });
    for (let count = 2; count < SESSIONS_MAX; count++) await openSession(userId, false, client);
    expect(await findSession(unused)).not.toBeNull();
    const latest = await openSession(userId, false, client);
    expect(await findSession(unused)).toBeNull();
    for (const token of [first, latest, elsewhere]) expect(await findSession(token)).not.toBeNull();
    expect(await db.session.count({ where: { userId } })).toBe(SESSIONS_MAX);
  });

  itOnce("keeps where it was opened from", async () => {
    const token = await openSession(await newUserId(), false, client);
    expect(await rowOf(token)).toMatchObject(client);
  });
});

describe("revokeSession", () => {
  it("ends that session and no other", async () => {
    const userId = await newUserId();
    const [gone, kept] = [await openSession(userId, false, client), await openSession(userId, false, client)];
    await revokeSession(gone);
    expect(await findSession(gone)).toBeNull();
    expect(await findSession(kept)).not.toBeNull();
  });

  itOnce("says whether there was one", async () => {
    const token = await openSession(await newUserId(), false, client);
    expect(await revokeSession(token)).toBe(true);
    expect(await revokeSession(token)).toBe(false);
    expect(await revokeSession("never made")).toBe(false);
  });
});
