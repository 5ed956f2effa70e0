import { createHash } from "node:crypto";
import { hashSync } from "bcryptjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newToken } from "../../platform/crypto/token";
import { db } from "../../platform/db";
import { hashPassword } from "../../security/passwords/password";
import { hashPool } from "../../security/passwords/pool";
import { consumeLogin } from "../../security/rate-limits/login-limits";
import { findSession } from "../../security/sessions";
import { LOGIN_LIMITS } from "../../shared/limits";
import { fillHashQueue } from "../../testing/fill-hash-queue";
import { itOnce } from "../../testing/it-once";
import {
  enter,
  eventsOf,
  logIn,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
} from "../../testing/people";
import { lockAsOperator } from "../operator";
import { logInWithPassword } from "./log-in-with-password";

/** The id of the account that opens; null when none does. */
async function opened(email: string, password = PASSWORD, client = newClient()): Promise<string | null> {
  const outcome = await logIn(email, password, client);
  return outcome.ok ? outcome.session.userId : null;
}

const hashOf = async ({ id }: Person) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { passwordHash: true } })).passwordHash;

const setHash = ({ id }: Person, passwordHash: string | null) =>
  db.user.update({ where: { id }, data: { passwordHash } });

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("logInWithPassword", () => {
  itOnce("counts no failure when the queue is full", async () => {
    const person = await newPerson();
    const client = newClient();
    const empty = fillHashQueue();
    for (let attempt = 0; attempt <= LOGIN_LIMITS.failuresBeforeWait; attempt++)
      await expect(logIn(person.email, PASSWORD, client)).rejects.toMatchObject({
        name: "HashQueueFullError",
      });
    empty();
    expect(await opened(person.email, PASSWORD, client)).not.toBeNull();
  });

  it("knows the right password, and the email in any case", async () => {
    const person = await newPerson();
    const id = await opened(person.email);
    expect(id).toBe(person.id);
    expect(await opened(person.email.toUpperCase())).toBe(id);
  });

  itOnce.each([
    ["a wrong password", "correct horse batterx"],
    ["another case", PASSWORD.toUpperCase()],
    ["a space too many", `${PASSWORD} `],
    ["an over-long password that begins right", PASSWORD + "x".repeat(72)],
    ["no password", ""],
  ])("refuses %s", async (_, wrong) => {
    const person = await newPerson();
    expect(await opened(person.email, wrong)).toBeNull();
  });

  itOnce("does not ignore the 73rd byte", async () => {
    const person = await newPerson();
    await setHash(person, await hashPassword("x".repeat(72)));
    expect(await opened(person.email, "x".repeat(72))).not.toBeNull();
    expect(await opened(person.email, "x".repeat(73))).toBeNull();
  });

  itOnce(
    "refuses an unknown email, an account without a password and one with a broken hash, all quietly",
    async () => {
      expect(await opened(newEmail())).toBeNull();
      const person = await newPerson();
      for (const passwordHash of [null, "", "garbage", "$2b$12$tooshort"]) {
        await setHash(person, passwordHash);
        expect(await opened(person.email)).toBeNull();
      }
    },
  );

  itOnce("makes a hash of an older kind anew at the right password, and not at a wrong one", async () => {
    const person = await newPerson();
    // `$2y$`, cost 10: what PHP made of this password for years.
    const old = hashSync(PASSWORD, 10).replace("$2b$", "$2y$");
    await setHash(person, old);
    expect(await opened(person.email, "wrong horse battery")).toBeNull();
    expect(await hashOf(person)).toBe(old);
    expect(await opened(person.email)).not.toBeNull();
    expect(await hashOf(person)).toMatch(/^\$2b\$12\$/);
    expect(await opened(person.email)).not.toBeNull();
  });

  itOnce(
    "refuses before any work: a throttled answer is the same for an address without an account",
    async () => {
      vi.useFakeTimers({ toFake: ["Date"] }); // however long hashing takes
      const person = await newPerson();
      const outcomes = [];
      for (const email of [person.email, newEmail()]) {
        const client = newClient();
        for (let i = 0; i < LOGIN_LIMITS.failuresBeforeWait; i++)
          await consumeLogin(email.toLowerCase(), null, client);
        outcomes.push(await logIn(email, PASSWORD, client));
      }
      const retryAfterSeconds = LOGIN_LIMITS.firstWaitSeconds;
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({ reason: "throttled", retryAfterSeconds });
    },
  );

  itOnce("opens a session that is remembered or not, and ends the one this browser held before", async () => {
    const { email } = await newPerson();
    const first = await logIn(email);
    const input = { email, password: PASSWORD, remember: true };
    const previousSessionToken = first.ok ? first.session.token : "";
    const second = await logInWithPassword({ ...input, previousSessionToken }, newClient());
    expect(first).toMatchObject({ ok: true, session: { isRemembered: false } });
    expect(second).toMatchObject({ ok: true, session: { isRemembered: true } });
    expect(await findSession(previousSessionToken)).toBeNull();
    expect(await findSession(second.ok ? second.session.token : "")).toMatchObject({ isRemembered: true });
  });

  itOnce("leaves the session of this browser alone when it refuses", async () => {
    const person = await newPerson();
    const first = await enter(person);
    const previousSessionToken = first.ok ? first.session.token : "";
    const input = { email: person.email, password: "another", remember: true };
    await logInWithPassword({ ...input, previousSessionToken }, newClient());
    expect(await findSession(previousSessionToken)).not.toBeNull();
  });

  itOnce(
    "tells of a lock only with the right password, after the same queries and the same hash",
    async () => {
      const [locked, open] = [await newPerson(), await newPerson()];
      await lockAsOperator(locked.email, newClient());
      const work = async (email: string, password: string) => {
        const queries = [
          vi.spyOn(db.knownBrowser, "findFirst"),
          vi.spyOn(db.loginBackoff, "findMany"),
          vi.spyOn(db.loginBackoff, "createMany"),
          vi.spyOn(db.user, "findUnique"),
          vi.spyOn(db.auditEvent, "create"),
          vi.spyOn(db, "$transaction"),
          vi.spyOn(hashPool(), "run"),
        ];
        const outcome = await logIn(email, password);
        const calls = queries.map((query) => query.mock.calls.length);
        vi.restoreAllMocks();
        return { outcome, calls };
      };
      const refused = await work(open.email, "another");
      expect(refused.outcome).toEqual({ ok: false, reason: "refused" });
      expect(refused.calls).toEqual([1, 2, 1, 1, 1, 0, 1]);
      expect(await work(locked.email, "another")).toEqual(refused);
      const { outcome, calls } = await work(newEmail(), "another");
      expect(outcome).toEqual(refused.outcome);
      expect(calls).toEqual([1, 2, 1, 1, 0, 0, 1]); // the row of a failure is written once the answer is out
      expect((await work(locked.email, PASSWORD)).outcome).toEqual({
        ok: false,
        reason: "locked",
        by: "operator",
      });
      expect(await db.session.count({ where: { userId: locked.id } })).toBe(0);
      expect(await eventsOf(locked)).toEqual(["locked", "login-failed", "login-locked"]);
    },
  );

  itOnce(
    "lets a known browser in at a shut account, and none with another account's token or one of its own",
    async () => {
      const [ada, bob] = [await newPerson(), await newPerson()];
      const [ofAda, ofBob] = [await enter(ada), await enter(bob)];
      const key = `account:${createHash("sha256").update(ada.emailCanonical).digest("hex")}`;
      const now = new Date();
      await db.loginBackoff.create({
        data: { key, failures: LOGIN_LIMITS.failuresInARow, failedAt: now, opensAt: now },
      });
      for (const token of [null, "", "garbage", newToken(), ofBob.ok ? ofBob.browserToken : ""])
        expect(await logIn(ada.email, PASSWORD, newClient(token))).toMatchObject({ reason: "throttled" });
      const known = newClient(ofAda.ok ? ofAda.browserToken : "");
      for (const ip of [known.ip, null])
        expect(await logIn(ada.email, PASSWORD, { ...known, ip })).toMatchObject({ ok: true });
    },
  );
});
