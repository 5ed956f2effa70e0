import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";

const FORMER = vi.hoisted(() => {
  process.env.AUTH_SECRET_PREVIOUS = "the former secret, under which codes were sent";
  return process.env.AUTH_SECRET_PREVIOUS;
});

import { hashToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { CODE_TTL_MS, type LinkPurpose, links } from "../shared/links";
import { runsOn } from "../testing/database";
import { describeOnce, itOnce } from "../testing/it-once";
import { newCode } from "./codes";
import { holdAccount } from "./hold-account";
import {
  CODE_TRIES,
  findLinkToken,
  type LinkToken,
  makeLinkToken,
  purgeLinkTokens,
  SPARED_MS,
  spendLinkCode,
  spendLinkToken,
} from "./link-tokens";
import { isReserved } from "./ways-back";

const PURPOSE = "reset-password";

async function newOwner() {
  const emailCanonical = `ada-${randomUUID()}@example.com`;
  const { id } = await db.user.create({
    data: {
      username: emailCanonical,
      usernameCanonical: emailCanonical,
      email: emailCanonical,
      emailCanonical,
    },
    select: { id: true },
  });
  return { userId: id, emailCanonical };
}

type Owner = { userId: string | null; emailCanonical: string };
const make = (owner: Owner) => db.$transaction((tx) => makeLinkToken(PURPOSE, owner, tx));
const spend = (token: string) => db.$transaction((tx) => spendLinkToken(PURPOSE, token, tx));

/** Makes a token look `ms` older than it is. */
async function age({ token, expiresAt }: LinkToken, ms: number): Promise<void> {
  const createdAt = new Date(expiresAt.getTime() - links[PURPOSE].ttlMs - ms);
  await db.linkToken.update({
    where: { tokenHash: hashToken(token) },
    data: { createdAt, expiresAt: new Date(expiresAt.getTime() - ms) },
  });
}

describe("makeLinkToken", () => {
  it("keeps a hash and no token", async () => {
    const { token } = await make(await newOwner());
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify(await db.linkToken.findMany())).not.toContain(token);
  });

  it("ends the one before", async () => {
    const owner = await newOwner();
    const first = await make(owner);
    await age(first, SPARED_MS + 1000);
    const second = await make(owner);
    expect(await findLinkToken(PURPOSE, first.token)).toBeNull();
    expect(await findLinkToken(PURPOSE, second.token)).toMatchObject({ id: owner.userId });
  });

  it("spares one younger than a minute: its email may be the one that is read", async () => {
    const owner = await newOwner();
    const first = await make(owner);
    await age(first, SPARED_MS - 5000);
    await make(owner);
    expect(await findLinkToken(PURPOSE, first.token)).toMatchObject({ id: owner.userId });
  });

  itOnce("lets the link of a security alert stay beside newer ones", async () => {
    const owner = await newOwner();
    const makeAlertLink = () => db.$transaction((tx) => makeLinkToken("lock-account", owner, tx));
    const first = await makeAlertLink();
    await db.linkToken.update({
      where: { tokenHash: hashToken(first.token) },
      data: { createdAt: new Date(Date.now() - 2 * SPARED_MS) },
    });
    await makeAlertLink();
    expect(await findLinkToken("lock-account", first.token)).toMatchObject({ id: owner.userId });
  });

  itOnce("leaves other people's tokens alone", async () => {
    const other = await make(await newOwner());
    await age(other, SPARED_MS + 1000);
    await make(await newOwner());
    expect(await findLinkToken(PURPOSE, other.token)).not.toBeNull();
  });

  itOnce("makes one for no account that opens nothing", async () => {
    const { token } = await make({ userId: null, emailCanonical: "nobody@example.com" });
    expect(await db.linkToken.count({ where: { tokenHash: hashToken(token) } })).toBe(1);
    expect(await findLinkToken(PURPOSE, token)).toBeNull();
    expect(await spend(token)).toBeNull();
  });

  it("is gone with what it was made for", async () => {
    const owner = await newOwner();
    const made: string[] = [];
    const failed = db.$transaction(async (tx) => {
      made.push((await makeLinkToken(PURPOSE, owner, tx)).token);
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    expect(await findLinkToken(PURPOSE, made[0] ?? "")).toBeNull();
  });
});

describe("findLinkToken", () => {
  it("finds it again and again: looking changes nothing", async () => {
    const owner = await newOwner();
    const { token } = await make(owner);
    for (let look = 0; look < 3; look++)
      expect(await findLinkToken(PURPOSE, token)).toMatchObject({ id: owner.userId });
    expect(await spend(token)).toMatchObject({ id: owner.userId });
  });

  it("refuses one after thirty minutes", async () => {
    const made = await make(await newOwner());
    await age(made, links[PURPOSE].ttlMs - 5000);
    expect(await findLinkToken(PURPOSE, made.token)).not.toBeNull();
    await age({ ...made, expiresAt: new Date(made.expiresAt.getTime() - links[PURPOSE].ttlMs) }, 0);
    expect(await findLinkToken(PURPOSE, made.token)).toBeNull();
    expect(await spend(made.token)).toBeNull();
  });

  itOnce("refuses one made for another purpose", async () => {
    const { token } = await make(await newOwner());
    await db.linkToken.update({ where: { tokenHash: hashToken(token) }, data: { purpose: "another" } });
    expect(await findLinkToken(PURPOSE, token)).toBeNull();
    expect(await spend(token)).toBeNull();
  });

  itOnce("refuses one sent to an address the account no longer has", async () => {
    const { userId, emailCanonical } = await newOwner();
    const { token } = await make({ userId, emailCanonical });
    await db.user.update({ where: { id: userId }, data: { emailCanonical: `new-${emailCanonical}` } });
    expect(await findLinkToken(PURPOSE, token)).toBeNull();
    expect(await spend(token)).toBeNull();
  });

  itOnce.each(["", "x", "A".repeat(43), "' OR 1=1 --"])("refuses what was never made: %j", async (token) => {
    expect(await findLinkToken(PURPOSE, token)).toBeNull();
    expect(await spend(token)).toBeNull();
  });

  itOnce("refuses the hash that the database keeps", async () => {
    const { token } = await make(await newOwner());
    expect(await findLinkToken(PURPOSE, hashToken(token))).toBeNull();
  });
});

describe("spendLinkToken", () => {
  it("gives the owner once and never again", async () => {
    const owner = await newOwner();
    const { token } = await make(owner);
    expect(await spend(token)).toMatchObject({ id: owner.userId, emailCanonical: owner.emailCanonical });
    expect(await spend(token)).toBeNull();
    expect(await findLinkToken(PURPOSE, token)).toBeNull();
  });

  it("has one winner of ten at once", async () => {
    const { token } = await make(await newOwner());
    const spent = await Promise.all(Array.from({ length: 10 }, () => spend(token)));
    expect(spent.filter((owner) => owner !== null)).toHaveLength(1);
  });

  it("has one winner of two emails used at once", async () => {
    for (let round = 0; round < 5; round++) {
      const owner = await newOwner();
      const made = [await make(owner), await make(owner)];
      const spent = await Promise.all(made.map(({ token }) => spend(token)));
      expect(spent.filter((owner) => owner !== null)).toHaveLength(1);
    }
  });

  it("is not spent when the change it allows fails", async () => {
    const { token } = await make(await newOwner());
    const failed = db.$transaction(async (tx) => {
      await spendLinkToken(PURPOSE, token, tx);
      throw new Error("the disk is full");
    });
    await expect(failed).rejects.toThrow("the disk is full");
    expect(await spend(token)).not.toBeNull();
  });
});

describeOnce("spendLinkToken, by the row of its purpose", () => {
  const makeAll = async (owner: Owner, purposes: readonly LinkPurpose[]) =>
    new Map<LinkPurpose, string>(
      await Promise.all(
        purposes.map(async (purpose) => {
          const { token } = await db.$transaction((tx) => makeLinkToken(purpose, owner, tx));
          return [purpose, token] as const;
        }),
      ),
    );

  it.each(Object.keys(links) as LinkPurpose[])(
    "%s ends what its row says, and nothing else",
    async (purpose) => {
      const [owner, other] = [await newOwner(), await newOwner()];
      const purposes = Object.keys(links) as LinkPurpose[];
      const [tokens, others] = [await makeAll(owner, purposes), await makeAll(other, purposes)];
      const spent = await db.$transaction((tx) => spendLinkToken(purpose, tokens.get(purpose) ?? "", tx));
      expect(spent).toMatchObject({ id: owner.userId });
      const replaced = purposes.filter((other) => links[other].becomes === purpose);
      const ended: readonly LinkPurpose[] = [purpose, ...links[purpose].ends, ...replaced];
      for (const [each, token] of tokens)
        expect([each, (await findLinkToken(each, token)) === null]).toEqual([each, ended.includes(each)]);
      for (const [each, token] of others) expect(await findLinkToken(each, token)).not.toBeNull();
    },
  );

  it("ends another link for the same purpose, older or newer", async () => {
    const owner = await newOwner();
    const [older, spent, newer] = [await makeLock(owner), await makeLock(owner), await makeLock(owner)];
    await backdate(older, 2000);
    await backdate(spent, 1000);
    await db.$transaction((tx) => spendLinkToken("lock-account", spent.token, tx));
    for (const { token } of [older, newer]) expect(await findLinkToken("lock-account", token)).toBeNull();
  });

  it("leaves an older way back to an address when a newer one is spent", async () => {
    const owner = await newOwner();
    const makeWayBack = () => db.$transaction((tx) => makeLinkToken("restore-email", owner, tx));
    const [older, spent, newer] = [await makeWayBack(), await makeWayBack(), await makeWayBack()];
    await backdate(older, 2000);
    await backdate(spent, 1000);
    await db.$transaction((tx) => spendLinkToken("restore-email", spent.token, tx));
    expect(await findLinkToken("restore-email", older.token)).not.toBeNull();
    expect(await findLinkToken("restore-email", newer.token)).toBeNull();
  });

  const makeLock = (owner: Owner) => db.$transaction((tx) => makeLinkToken("lock-account", owner, tx));
  const backdate = ({ token }: LinkToken, ms: number) =>
    db.linkToken.update({
      where: { tokenHash: hashToken(token) },
      data: { createdAt: new Date(Date.now() - ms) },
    });
});

describe("isReserved", () => {
  it("is true for others while an account can take the address back, and false afterwards", async () => {
    const owner = await newOwner();
    const { token } = await db.$transaction((tx) => makeLinkToken("restore-email", owner, tx));
    expect(await isReserved(owner.emailCanonical, null)).toBe(true);
    expect(await isReserved(owner.emailCanonical, (await newOwner()).userId)).toBe(true);
    expect(await isReserved(owner.emailCanonical, owner.userId)).toBe(false);
    await db.linkToken.update({
      where: { tokenHash: hashToken(token) },
      data: { expiresAt: new Date(Date.now() - 1000) },
    });
    expect(await isReserved(owner.emailCanonical, null)).toBe(false);
  });

  itOnce("is false where only another kind of link was sent to the address", async () => {
    const owner = await newOwner();
    await make(owner);
    expect(await isReserved(owner.emailCanonical, null)).toBe(false);
  });
});

describeOnce("newCode", () => {
  it("is six digits, zeros in front included, and no two hundred alike", () => {
    const codes = Array.from({ length: 2000 }, newCode);
    expect(codes.every((code) => /^\d{6}$/.test(code))).toBe(true);
    expect(codes.some((code) => code.startsWith("0"))).toBe(true);
    expect(new Set(codes).size).toBeGreaterThan(1900);
  });
});

describe("spendLinkCode", () => {
  const VERIFY = "verify-email";
  const CODE = "123456";
  const WRONG = "654321";

  const makeWithCode = (owner: Owner, code = CODE) =>
    db.$transaction((tx) => makeLinkToken(VERIFY, owner, tx, code));
  const type = (owner: Owner, code: string) =>
    db.$transaction((tx) => spendLinkCode(VERIFY, owner, code, tx));

  it("does once what the link does, which then works no longer", async () => {
    const owner = await newOwner();
    const { token } = await makeWithCode(owner);
    expect(await type(owner, CODE)).toMatchObject({ id: owner.userId });
    expect(await type(owner, CODE)).toBeNull();
    expect(await findLinkToken(VERIFY, token)).toBeNull();
  });

  itOnce("takes a code that was sent before AUTH_SECRET changed", async () => {
    const owner = await newOwner();
    vi.resetModules();
    vi.stubEnv("AUTH_SECRET", FORMER);
    const before = await import("./link-tokens");
    await db.$transaction((tx) => before.makeLinkToken(VERIFY, owner, tx, CODE));
    vi.unstubAllEnvs();
    expect(await type(owner, "000000")).toBeNull();
    expect(await type(owner, CODE)).toMatchObject({ id: owner.userId });
  });

  itOnce("spends no code of an account that the address has moved to", async () => {
    const [owner, former] = [await newOwner(), await newOwner()];
    await makeWithCode(owner);
    const { emailCanonical } = owner;
    expect(await type({ userId: former.userId, emailCanonical }, CODE)).toBeNull();
    expect(await type(owner, CODE)).toMatchObject({ id: owner.userId });
  });

  it("refuses the right code after five wrong ones, and leaves the link alone", async () => {
    const owner = await newOwner();
    const { token } = await makeWithCode(owner);
    for (let tries = 0; tries < CODE_TRIES; tries++) expect(await type(owner, WRONG)).toBeNull();
    expect(await type(owner, CODE)).toBeNull();
    expect(await findLinkToken(VERIFY, token)).not.toBeNull();
  });

  itOnce("takes the right code at the fifth try", async () => {
    const owner = await newOwner();
    await makeWithCode(owner);
    for (let tries = 1; tries < CODE_TRIES; tries++) await type(owner, WRONG);
    expect(await type(owner, CODE)).not.toBeNull();
  });

  it("of twenty tries at once looks at exactly five", async () => {
    const owner = await newOwner();
    const { token } = await makeWithCode(owner);
    await Promise.all(Array.from({ length: 20 }, () => type(owner, WRONG)));
    const { codeTries } = await db.linkToken.findUniqueOrThrow({ where: { tokenHash: hashToken(token) } });
    expect(codeTries).toBe(CODE_TRIES + 1);
    expect(await type(owner, CODE)).toBeNull();
  });

  it("has one winner of ten right ones at once", async () => {
    const owner = await newOwner();
    await makeWithCode(owner);
    const spent = await Promise.all(Array.from({ length: 10 }, () => type(owner, CODE)));
    expect(spent.filter((found) => found !== null)).toHaveLength(1);
  });

  it("has one winner of a link and its code used at once", async () => {
    for (let round = 0; round < 5; round++) {
      const owner = await newOwner();
      const { token } = await makeWithCode(owner);
      const byLink = db.$transaction((tx) => spendLinkToken(VERIFY, token, tx));
      const found = await Promise.all([byLink, type(owner, CODE)]);
      expect(found.filter((owner) => owner !== null)).toHaveLength(1);
    }
  });

  itOnce("refuses a code after ten minutes, while its link works on", async () => {
    const owner = await newOwner();
    const { token } = await makeWithCode(owner);
    const { codeExpiresAt } = await db.linkToken.findUniqueOrThrow({
      where: { tokenHash: hashToken(token) },
    });
    expect(Math.abs((codeExpiresAt?.getTime() ?? 0) - Date.now() - CODE_TTL_MS)).toBeLessThan(5000);
    const age = (ms: number) =>
      db.linkToken.update({
        where: { tokenHash: hashToken(token) },
        data: { codeExpiresAt: new Date(Date.now() + CODE_TTL_MS - ms) },
      });
    await age(CODE_TTL_MS + 1000);
    expect(await type(owner, CODE)).toBeNull();
    expect(await findLinkToken(VERIFY, token)).not.toBeNull();
    await age(CODE_TTL_MS - 5000);
    expect(await type(owner, CODE)).not.toBeNull();
  });

  itOnce(
    "takes the newest code alone, and the links of both emails, which may overtake each other",
    async () => {
      const owner = await newOwner();
      const { token } = await makeWithCode(owner, WRONG);
      await makeWithCode(owner, CODE);
      expect(await type(owner, WRONG)).toBeNull();
      expect(await findLinkToken(VERIFY, token)).not.toBeNull();
      expect(await type(owner, CODE)).not.toBeNull();
    },
  );

  itOnce("refuses another person's code, and one made for another purpose", async () => {
    const [owner, other] = [await newOwner(), await newOwner()];
    await makeWithCode(other);
    expect(await type(owner, CODE)).toBeNull();
    await db.$transaction((tx) => makeLinkToken(PURPOSE, owner, tx, CODE));
    expect(await type(owner, CODE)).toBeNull();
    expect(await type({ userId: null, emailCanonical: "nobody@example.com" }, CODE)).toBeNull();
  });

  it("touches no account that has no code which works", async () => {
    const owner = await newOwner();
    const { token } = await make(owner);
    const rowOf = () => db.user.findUniqueOrThrow({ where: { id: owner.userId } });
    const before = await rowOf();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await type(owner, CODE)).toBeNull();
    expect(await rowOf()).toEqual(before);
    expect(await findLinkToken(PURPOSE, token)).not.toBeNull();
  });

  it.runIf(runsOn() === "postgres")("waits for no account that has no code which works", async () => {
    const owner = await newOwner();
    await db.$transaction(async (tx) => {
      await holdAccount({ id: owner.userId }, tx);
      expect(await type(owner, CODE)).toBeNull();
    });
  });

  itOnce("asks as many questions about an account without a code as about a wrong code", async () => {
    const [waiting, none] = [await newOwner(), await newOwner()];
    await makeWithCode(waiting);
    const count = async (owner: Owner) => {
      const queries = [
        vi.spyOn(db.linkToken, "findFirst"),
        vi.spyOn(db.linkToken, "findMany"),
        vi.spyOn(db.linkToken, "updateMany"),
        vi.spyOn(db.user, "updateMany"),
      ];
      expect(await spendLinkCode(VERIFY, owner, WRONG, db)).toBeNull();
      const calls = queries.map((query) => query.mock.calls.length);
      vi.restoreAllMocks();
      return calls;
    };
    const wrong = await count(waiting);
    expect(wrong).toEqual([1, 1, 1, 1]);
    expect(await count(none)).toEqual(wrong);
  });

  itOnce("keeps the code out of the database", async () => {
    const owner = await newOwner();
    const { token } = await makeWithCode(owner);
    const { codeHash } = await db.linkToken.findUniqueOrThrow({ where: { tokenHash: hashToken(token) } });
    expect(codeHash).toMatch(/^[0-9a-f]{64}$/);
    expect(codeHash).not.toBe(hashToken(CODE)); // a million plain hashes are made in a second
  });
});

it("purgeLinkTokens deletes those that are too old to open anything, and no other", async () => {
  const [old, young] = [await make(await newOwner()), await make(await newOwner())];
  await age(old, links[PURPOSE].ttlMs + 1000);
  await purgeLinkTokens();
  const isThere = async ({ token }: LinkToken) =>
    (await db.linkToken.count({ where: { tokenHash: hashToken(token) } })) === 1;
  expect([await isThere(old), await isThere(young)]).toEqual([false, true]);
});

it("a deleted account has no tokens", async () => {
  const owner = await newOwner();
  const { token } = await make(owner);
  await db.user.delete({ where: { id: owner.userId } });
  expect(await db.linkToken.count({ where: { tokenHash: hashToken(token) } })).toBe(0);
});
