import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../../testing/mailbox")).startMailbox());

import { deliverDue } from "../../mail/delivery";
import { newToken } from "../../platform/crypto/token";
import { db } from "../../platform/db";
import { env } from "../../platform/env";
import { makeLinkToken } from "../../security/link-tokens";
import { findPendingLogin } from "../../security/two-factor/pending-logins";
import { codeOf, newSecret, stepAt } from "../../security/two-factor/totp";
import { PENDING_LOGIN_MS } from "../../shared/two-factor";
import { HOUR_MS, MINUTE_MS } from "../../shared/units";
import { itOnce } from "../../testing/it-once";
import { passkeyOf } from "../../testing/passkeys";
import {
  emailTo,
  enter,
  eventsOf,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
  tokenIn,
  visitorWith,
} from "../../testing/people";
import { giveApp } from "../../testing/second-factors";
import { lockAccount } from "../lock-account";
import { resetPassword } from "../reset-password";
import { setEmail } from "../set-email";
import { verifyEmail } from "../verify-email";
import type { LoginOutcome } from "./admit";
import { finishBySetUp, finishLogin } from "./finish-login";
import { logInWithPasskey } from "./log-in-with-passkey";

const options = { previousSessionToken: null, trustsBrowser: false };

async function pendingOf(login: LoginOutcome | null) {
  if (login?.ok !== false || login.reason !== "second-factor") return expect.fail("it does not wait");
  return (await findPendingLogin(login.pending.token)) ?? expect.fail("nothing waits");
}

/** Begins to log in and goes no further. */
const stopHalfway = async (person: Person, client = newClient()) => pendingOf(await enter(person, client));

/** Emails about such a login that have left by the time when it can wait no more. */
async function toldOf({ email }: Person): Promise<number> {
  await db.outboxEmail.updateMany({ data: { dueAt: new Date(0) } });
  await deliverDue();
  return mailbox.to(email, "half-done").length;
}

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS);

/** Their account was not made just now. */
const forgetRegistration = ({ id: userId }: Person) => db.auditEvent.deleteMany({ where: { userId } });

async function someoneWithApp() {
  const person = await newPerson();
  await forgetRegistration(person);
  const app = await giveApp(person, new Date(Date.now() - HOUR_MS));
  const finish = async (pending: Awaited<ReturnType<typeof stopHalfway>>) => {
    const outcome = await finishLogin(pending, { code: await app.freshCode() }, options, newClient());
    return outcome.ok ? outcome : expect.fail("not logged in");
  };
  return { person, app, finish };
}

afterEach(() => Object.assign(env(), { requireTwoFactor: false }));

describe("a right password behind which no second factor comes", () => {
  it("is told to the owner once it can wait no more, with a link that locks the account", async () => {
    const { person } = await someoneWithApp();
    const { id } = await stopHalfway(person);
    const { expiresAt } = await db.pendingLogin.findUniqueOrThrow({ where: { id } });
    const { dueAt } = await db.outboxEmail.findFirstOrThrow({ orderBy: { createdAt: "desc" } });
    expect(dueAt).toEqual(expiresAt);
    await deliverDue();
    expect(mailbox.to(person.email, "half-done"), "it may still go on").toHaveLength(0);
    expect(await toldOf(person)).toBe(1);
    const email = await emailTo(person.email, "half-done", mailbox);
    expect(await lockAccount(tokenIn(email), newClient())).toMatchObject({ ok: true });
  });

  itOnce(
    "is not told where it goes on, where the account knows the browser, or once the password is another",
    async () => {
      const { person, finish } = await someoneWithApp();
      const { browserToken } = await finish(await stopHalfway(person));
      await stopHalfway(person, newClient(browserToken));
      expect(await toldOf(person)).toBe(0);
      await stopHalfway(person);
      const { id: userId, emailCanonical } = person;
      const { token } = await db.$transaction((tx) =>
        makeLinkToken("reset-password", { userId, emailCanonical }, tx),
      );
      await resetPassword({ token, password: NEW_PASSWORD }, newClient());
      expect(await toldOf(person)).toBe(0);
    },
  );

  itOnce("is told once an hour, and not taken back by another login that goes on meanwhile", async () => {
    const { person, finish } = await someoneWithApp();
    const own = await stopHalfway(person);
    await stopHalfway(person);
    await finish(own);
    expect(await toldOf(person)).toBe(1);
    await stopHalfway(person);
    expect(await toldOf(person)).toBe(1);
    await db.rateLimit.deleteMany();
    await stopHalfway(person);
    expect(await toldOf(person)).toBe(2);
  });

  itOnce("is told again after one that has gone on: that one counts for nothing", async () => {
    const { person, finish } = await someoneWithApp();
    await finish(await stopHalfway(person));
    expect(await toldOf(person)).toBe(0);
    await stopHalfway(person);
    expect(await toldOf(person)).toBe(1);
  });

  itOnce(
    "is no news of a newcomer who has to set a factor up, and is of an account that nobody has used",
    async () => {
      Object.assign(env(), { requireTwoFactor: true });
      const [newcomer, imported] = [await newPerson(), await newPerson()];
      await forgetRegistration(imported);
      for (const person of [newcomer, imported]) await stopHalfway(person);
      expect(await toldOf(newcomer)).toBe(0);
      expect(await toldOf(imported)).toBe(1);
    },
  );
});

describe("a login that begins anew in its browser", () => {
  /** Types the right password, and answers what the browser is then. */
  async function begin(person: Person, client = newClient()) {
    const login = await enter(person, client);
    const pending = await pendingOf(login);
    const pendingToken = !login.ok && login.reason === "second-factor" ? login.pending.token : "";
    return { pending, browser: { ...client, pendingToken } };
  }

  const dueAtOf = ({ alertEmailId }: { alertEmailId: string | null }) =>
    db.outboxEmail.findUniqueOrThrow({ where: { id: alertEmailId ?? "" }, select: { dueAt: true } });

  itOnce("takes the place of the one before, whose email it keeps and does not put off", async () => {
    const { person, finish } = await someoneWithApp();
    const { pending: first, browser } = await begin(person);
    const due = await dueAtOf(first);
    const { pending: second } = await begin(person, browser);
    expect(await findPendingLogin(browser.pendingToken)).toBeNull();
    expect(await dueAtOf(second)).toEqual(due);
    await finish(second);
    expect(await toldOf(person)).toBe(0);
  });

  itOnce("is not told once a passkey has logged that browser in, and is for any other browser", async () => {
    const { person } = await someoneWithApp();
    const { page, answer } = await passkeyOf(person);
    const { browser } = await begin(person);
    const how = { isRemembered: false, previousSessionToken: null };
    const logInFrom = async (client: typeof browser) =>
      expect(await logInWithPasskey({ json: await answer(), page }, how, client)).toMatchObject({ ok: true });
    await logInFrom(browser);
    expect(await toldOf(person)).toBe(0);
    const { browser: ofThief } = await begin(person);
    await logInFrom({ ...newClient(), pendingToken: newToken() });
    expect(await findPendingLogin(ofThief.pendingToken)).not.toBeNull();
    expect(await toldOf(person)).toBe(1);
  });
});

describe("an email about one of several logins that wait", () => {
  it("does not name the one that goes on, and is taken back once the other one does too", async () => {
    const { person, finish } = await someoneWithApp();
    const client = newClient();
    const own = await stopHalfway(person, client);
    await stopHalfway(person);
    await finish(own);
    expect(await toldOf(person)).toBe(1);
    const { text } = await emailTo(person.email, "half-done", mailbox);
    expect(text).not.toContain(client.ip);
    expect(text).toContain("history of your account");

    const { person: other, finish: finishOther } = await someoneWithApp();
    const waiting = [await stopHalfway(other), await stopHalfway(other)];
    for (const each of waiting) await finishOther(each);
    expect(await toldOf(other)).toBe(0);
  });

  itOnce("leaves also where the one that goes on has ended the other by setting a factor up", async () => {
    Object.assign(env(), { requireTwoFactor: true });
    const person = await newPerson();
    await forgetRegistration(person);
    const own = await stopHalfway(person);
    await stopHalfway(person);
    const secret = newSecret();
    const input = { secret, code: codeOf(secret, stepAt(Date.now())) };
    expect(await finishBySetUp(own, input, options, newClient())).toMatchObject({ login: { ok: true } });
    expect(await toldOf(person)).toBe(1);
  });

  it("goes to the new address where the account gets one before it is due, also once its login has ended", async () => {
    const { person } = await someoneWithApp();
    const client = newClient();
    const { alertEmailId } = await stopHalfway(person, client);
    const where = { id: alertEmailId ?? "" };
    const put = await db.outboxEmail.update({ where, data: { createdAt: minutesAgo(9) } });
    await db.pendingLogin.updateMany({ where: { userId: person.id }, data: { expiresAt: new Date(0) } });
    const email = newEmail();
    await db.$transaction((tx) => setEmail(person.id, email, new Date(), tx));
    const { dueAt } = put;
    const next = await db.outboxEmail.findUniqueOrThrow({ where });
    expect(next).toMatchObject({ isAwaited: false, dueAt, linkTokenId: null }); // no code's time begins
    expect(next.createdAt > minutesAgo(1), "its link, and any that follows, counts from the change").toBe(
      true,
    );
    expect(await toldOf({ ...person, email })).toBe(1);
    expect(await toldOf(person)).toBe(0);
    const told = await emailTo(email, "half-done", mailbox);
    expect(told.text, "as it was").toContain(client.ip);
    expect(await lockAccount(tokenIn(told), newClient())).toMatchObject({ ok: true });
  });

  itOnce("is followed by one about the other, where it has left before its own login goes on", async () => {
    const { person, finish } = await someoneWithApp();
    const own = await stopHalfway(person);
    const other = await stopHalfway(person);
    expect(await toldOf(person)).toBe(1);
    await finish(own);
    expect(await toldOf(person)).toBe(2);
    expect((await emailTo(person.email, "half-done", mailbox, 2)).text).toContain("history of your account");
    expect(await db.pendingLogin.count({ where: { id: other.id } })).toBe(1);
  });

  itOnce(
    "leaves once the other can wait no more, with a link that ends what was set up since the first of them",
    async () => {
      const { person, finish } = await someoneWithApp();
      const own = await stopHalfway(person);
      const other = await stopHalfway(person);
      const [createdAt, expiresAt] = [minutesAgo(5), new Date(Date.now() + HOUR_MS)];
      await db.pendingLogin.update({ where: { id: other.id }, data: { createdAt, expiresAt } });
      await finish(own);
      const { alertEmailId } = await db.pendingLogin.findUniqueOrThrow({ where: { id: other.id } });
      const email = await db.outboxEmail.findUniqueOrThrow({ where: { id: alertEmailId ?? "" } });
      expect(email).toMatchObject({ dueAt: expiresAt, createdAt });
      expect(await toldOf(person)).toBe(1);
      await passkeyOf(person);
      await db.passkey.updateMany({ where: { userId: person.id }, data: { createdAt: minutesAgo(3) } });
      await lockAccount(tokenIn(await emailTo(person.email, "half-done", mailbox)), newClient());
      expect(await db.passkey.count({ where: { userId: person.id } })).toBe(0);
    },
  );

  itOnce(
    "is written for the next login where it could not be for this one, which waits all the same",
    async () => {
      const { person } = await someoneWithApp();
      const { appName } = env();
      const fails = () => {
        throw new Error("a failure of this test");
      };
      Object.defineProperty(env(), "appName", { configurable: true, get: fails });
      const failing = await enter(person);
      Object.defineProperty(env(), "appName", { configurable: true, value: appName, writable: true });
      expect(failing).toMatchObject({ reason: "second-factor" });
      await stopHalfway(person);
      expect(await toldOf(person)).toBe(1);
    },
  );
});

describe("a login that waits", () => {
  itOnce(
    "is still that of the browser which has just confirmed the address: no news once it goes on",
    async () => {
      Object.assign(env(), { requireTwoFactor: true });
      const person = await newPerson({ isVerified: false });
      await forgetRegistration(person);
      const { id: userId, emailCanonical } = person;
      const { token } = await db.$transaction((tx) =>
        makeLinkToken("verify-email", { userId, emailCanonical }, tx),
      );
      const outcome = await verifyEmail(token, visitorWith(PASSWORD), newClient());
      const pending = await pendingOf(outcome.ok ? outcome.login : null);
      const secret = newSecret();
      const input = { secret, code: codeOf(secret, stepAt(Date.now())) };
      expect(await finishBySetUp(pending, input, options, newClient())).toMatchObject({
        login: { ok: true },
      });
      expect(await toldOf(person)).toBe(0);
      expect(mailbox.to(person.email, "new-login")).toHaveLength(0);
      expect(await eventsOf(person)).toContain("login");
    },
  );

  it("goes with the next one of its account once it has waited too long, and not before", async () => {
    const { person } = await someoneWithApp();
    const { id: userId } = person;
    const [over, live] = [await stopHalfway(person), await stopHalfway(person)];
    await db.pendingLogin.update({
      where: { id: over.id },
      data: { expiresAt: new Date(), createdAt: new Date(Date.now() - PENDING_LOGIN_MS) },
    });
    const next = await stopHalfway(person);
    const left = await db.pendingLogin.findMany({ where: { userId }, orderBy: { createdAt: "asc" } });
    expect(left.map(({ id }) => id)).toEqual([live.id, next.id]);
  });
});
