import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hashToken, newToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { KNOWN_BROWSER_DAYS, KNOWN_BROWSERS_MAX } from "../shared/limits";
import { DAY_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import { holdAccount } from "./hold-account";
import {
  adoptBrowser,
  findBrowserOfAnyone,
  findKnownBrowser,
  forgetBrowsers,
  purgeKnownBrowsers,
  rememberBrowser,
} from "./known-browsers";
import { openSession } from "./sessions";

interface Owner {
  id: string;
  emailCanonical: string;
}

async function newOwner(): Promise<Owner> {
  const email = `ada-${randomUUID()}@example.com`;
  return db.user.create({
    data: { username: email, usernameCanonical: email, email, emailCanonical: email },
    select: { id: true, emailCanonical: true },
  });
}

const client = (browserToken: string | null) => ({ browserToken, ip: "203.0.113.7", userAgent: "a test" });

const remember = ({ id }: Owner, browserToken: string | null = null) =>
  db.$transaction((tx) => rememberBrowser(id, client(browserToken), tx));

/** Logs in; answers the cookie's value. */
const logIn = async (owner: Owner, browserToken: string | null = null) =>
  (await remember(owner, browserToken)).token;

const find = ({ emailCanonical }: Owner, token: string | null) => findKnownBrowser(emailCanonical, token);
const rowsOf = ({ id }: Owner) => db.knownBrowser.findMany({ where: { userId: id } });

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const passDays = (days: number) => vi.setSystemTime(Date.now() + days * DAY_MS);

const NOT_OURS: [string, string | null][] = [
  ["nothing", null],
  ["an empty token", ""],
  ["a word", "garbage"],
  ["one that was never made", "A".repeat(43)],
  ["letters that are not base64url", "é".repeat(43)],
  ["half a surrogate pair", "\ud800".repeat(43)],
  ["a megabyte", "A".repeat(1_000_000)],
];

describe("findKnownBrowser", () => {
  it("knows a browser that logged in, and another one by another id", async () => {
    const ada = await newOwner();
    const [first, second] = [await logIn(ada), await logIn(ada)];
    const id = await find(ada, first);
    expect(id).not.toBeNull();
    expect([id, null]).not.toContain(await find(ada, second));
  });

  itOnce("does not know it at another account, nor at none", async () => {
    const token = await logIn(await newOwner());
    expect(await find(await newOwner(), token)).toBeNull();
    expect(await findKnownBrowser("nobody@example.com", token)).toBeNull();
  });

  it("knows it until its days are over", async () => {
    const ada = await newOwner();
    const token = await logIn(ada);
    passDays(KNOWN_BROWSER_DAYS - 1);
    expect(await find(ada, token)).not.toBeNull();
    expect(await findBrowserOfAnyone(token)).not.toBeNull();
    passDays(1);
    expect(await find(ada, token)).toBeNull();
    expect(await findBrowserOfAnyone(token)).toBeNull();
  });

  itOnce.each(NOT_OURS)("does not know %s", async (_, token) => {
    const ada = await newOwner();
    await logIn(ada);
    expect(await find(ada, token)).toBeNull();
    expect(await findBrowserOfAnyone(token)).toBeNull();
  });

  itOnce("refuses the hash that the database keeps", async () => {
    const ada = await newOwner();
    expect(await find(ada, hashToken(await logIn(ada)))).toBeNull();
  });

  itOnce(
    "asks one question of one shape, whatever the browser sent, and for an address with or without an account",
    async () => {
      const ada = await newOwner();
      const token = await logIn(ada);
      const ask = vi.spyOn(db.knownBrowser, "findFirst");
      const tokens = [token, ...NOT_OURS.map(([, token]) => token)];
      for (const email of [ada.emailCanonical, "nobody@example.com"])
        for (const each of tokens) await findKnownBrowser(email, each);
      expect(ask).toHaveBeenCalledTimes(2 * tokens.length);
      for (const [query] of ask.mock.calls) {
        expect(Object.keys(query?.where ?? {})).toEqual(["tokenHash", "lastLoginAt", "user"]);
        expect(query?.where?.tokenHash).toMatch(/^[0-9a-f]{64}$/);
      }
      expect(new Set(ask.mock.calls.map(([query]) => query?.where?.tokenHash)).size).toBeGreaterThan(3);
    },
  );
});

describe("rememberBrowser", () => {
  it("gives a new browser a token, keeps its hash alone, and notes where it was", async () => {
    const ada = await newOwner();
    const { token, isNew } = await remember(ada);
    expect(isNew).toBe(true);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const rows = await rowsOf(ada);
    expect(rows).toMatchObject([{ tokenHash: hashToken(token), ip: "203.0.113.7", userAgent: "a test" }]);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  it("keeps token, id and first sight of a browser it knows, and counts its days anew", async () => {
    const ada = await newOwner();
    const token = await logIn(ada);
    const [before] = await rowsOf(ada);
    passDays(KNOWN_BROWSER_DAYS - 1);
    expect(await remember(ada, token)).toEqual({ token, isNew: false });
    const [after, ...others] = await rowsOf(ada);
    expect(others).toEqual([]);
    expect(after).toEqual({ ...before, lastLoginAt: new Date() });
    passDays(KNOWN_BROWSER_DAYS - 1);
    expect(await find(ada, token)).toBe(before?.id);
  });

  itOnce("gives a new token once the days are over", async () => {
    const ada = await newOwner();
    const old = await logIn(ada);
    passDays(KNOWN_BROWSER_DAYS);
    const { token, isNew } = await remember(ada, old);
    expect(isNew).toBe(true);
    expect(token).not.toBe(old);
    expect(await find(ada, token)).not.toBeNull();
    expect(await find(ada, old)).toBeNull();
  });

  itOnce.each(NOT_OURS)("gives a new token for %s", async (_, presented) => {
    const ada = await newOwner();
    const token = await logIn(ada, presented);
    expect(token).not.toBe(presented);
    expect(await find(ada, token)).not.toBeNull();
  });

  it("ends a token that another account brought, and keeps the browser known to both", async () => {
    const [mallory, ada] = [await newOwner(), await newOwner()];
    const planted = await logIn(mallory);
    const token = await logIn(ada, planted);
    expect(token).not.toBe(planted);
    expect([await find(mallory, planted), await find(ada, planted)]).toEqual([null, null]);
    expect(await db.knownBrowser.count({ where: { tokenHash: hashToken(planted) } })).toBe(0);
    expect(await find(ada, token)).not.toBeNull();
    expect(await find(mallory, token)).not.toBeNull();
  });

  itOnce("keeps the id by which the other account knows it, so that its failures stay counted", async () => {
    const [bob, ada] = [await newOwner(), await newOwner()];
    const first = await logIn(bob);
    const id = await find(bob, first);
    expect(await find(bob, await logIn(ada, first))).toBe(id);
  });

  it("keeps as many browsers of an account as it may, and lets the one unused longest go", async () => {
    const [ada, bob] = [await newOwner(), await newOwner()];
    const ofBob = await logIn(bob);
    const tokens: string[] = [];
    for (let count = 0; count < KNOWN_BROWSERS_MAX; count++) {
      vi.setSystemTime(Date.now() + 1000);
      tokens.push(await logIn(ada));
    }
    vi.setSystemTime(Date.now() + 1000);
    await logIn(ada, tokens[0]); // now the second is the one unused longest
    vi.setSystemTime(Date.now() + 1000);
    tokens.push(await logIn(ada));
    expect(await rowsOf(ada)).toHaveLength(KNOWN_BROWSERS_MAX);
    for (const [index, token] of tokens.entries())
      expect([index, (await find(ada, token)) !== null]).toEqual([index, index !== 1]);
    expect(await find(bob, ofBob)).not.toBeNull();
  });

  it("has a token for each of ten logins of one browser at once, and all are known", async () => {
    const ada = await newOwner();
    const presented = await logIn(await newOwner());
    // Each begins by holding the account, as a login does.
    const logInHolding = () =>
      db.$transaction(async (tx) => {
        await holdAccount({ id: ada.id }, tx);
        return rememberBrowser(ada.id, client(presented), tx);
      });
    const remembered = await Promise.all(Array.from({ length: 10 }, logInHolding));
    for (const { token } of remembered) expect(await find(ada, token)).not.toBeNull();
  });
});

describe("adoptBrowser", () => {
  it("lets the account know by the cookie a browser that it knew by its session", async () => {
    const ada = await newOwner();
    const { token: sessionToken } = await openSession(ada.id, true, client(null));
    const { id } = await db.session.findFirstOrThrow({ where: { userId: ada.id } });
    await db.knownBrowser.create({ data: { id, tokenHash: hashToken(sessionToken), userId: ada.id } }); // as the migration does
    const browserToken = newToken();
    await adoptBrowser(sessionToken, browserToken);
    await adoptBrowser(sessionToken, browserToken);
    expect(await find(ada, browserToken)).toBe(id);
    expect(await find(ada, sessionToken)).toBeNull();
    expect(await remember(ada, browserToken)).toEqual({ token: browserToken, isNew: false });
  });

  itOnce("makes known no browser that was not", async () => {
    const ada = await newOwner();
    const { token: sessionToken } = await openSession(ada.id, true, client(null));
    const browserToken = newToken();
    await adoptBrowser(sessionToken, browserToken);
    expect(await find(ada, browserToken)).toBeNull();
  });
});

describe("forgetBrowsers", () => {
  it("forgets every browser of an account, and leaves the same browser known to another", async () => {
    const [ada, bob] = [await newOwner(), await newOwner()];
    const token = await logIn(bob, await logIn(ada));
    await logIn(ada);
    await db.$transaction((tx) => forgetBrowsers(ada.id, tx));
    expect(await rowsOf(ada)).toEqual([]);
    expect(await find(bob, token)).not.toBeNull();
  });

  it("is undone with the change it belongs to", async () => {
    const ada = await newOwner();
    const token = await logIn(ada);
    const failed = db.$transaction(async (tx) => {
      await forgetBrowsers(ada.id, tx);
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    expect(await find(ada, token)).not.toBeNull();
  });
});

describe("purgeKnownBrowsers", () => {
  it("deletes those that no account knows any more, and no other", async () => {
    const [old, young] = [await newOwner(), await newOwner()];
    await logIn(old);
    passDays(1);
    await logIn(young);
    passDays(KNOWN_BROWSER_DAYS - 1);
    await purgeKnownBrowsers();
    expect([await rowsOf(old), (await rowsOf(young)).length]).toEqual([[], 1]);
  });
});

it("a deleted account has no known browsers", async () => {
  const ada = await newOwner();
  const token = await logIn(ada);
  await db.user.delete({ where: { id: ada.id } });
  expect(await db.knownBrowser.count({ where: { tokenHash: hashToken(token) } })).toBe(0);
});
