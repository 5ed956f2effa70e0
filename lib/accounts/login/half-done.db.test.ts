import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../../testing/mailbox")).startMailbox());

import { deliverDue } from "../../mail/outbox";
import { db } from "../../platform/db";
import { env } from "../../platform/env";
import { makeLinkToken } from "../../security/link-tokens";
import { findPendingLogin } from "../../security/two-factor/pending-logins";
import { codeOf, newSecret, stepAt } from "../../security/two-factor/totp";
import { HOUR_MS } from "../../shared/units";
import {
  emailTo,
  enter,
  eventsOf,
  NEW_PASSWORD,
  newClient,
  newPerson,
  PASSWORD,
  type Person,
  tokenIn,
  visitorWith,
} from "../../testing/people";
import { giveApp } from "../../testing/second-factors";
import { lockAccount } from "../lock-account";
import { resetPassword } from "../reset-password";
import { verifyEmail } from "../verify-email";
import type { LoginOutcome } from "./admit";
import { finishBySetUp, finishLogin } from "./finish-login";

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
    const mail = await emailTo(person.email, "half-done", mailbox);
    expect(await lockAccount(tokenIn(mail), newClient())).toMatchObject({ ok: true });
  });

  it("is not told where it goes on, where the account knows the browser, or once the password is another", async () => {
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
  });

  it("is told once an hour, and not taken back by another login that goes on meanwhile", async () => {
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

  it("is told again after one that has gone on: that one counts for nothing", async () => {
    const { person, finish } = await someoneWithApp();
    await finish(await stopHalfway(person));
    expect(await toldOf(person)).toBe(0);
    await stopHalfway(person);
    expect(await toldOf(person)).toBe(1);
  });

  it("is no news of a newcomer who has to set a factor up, and is of an account that nobody has used", async () => {
    Object.assign(env(), { requireTwoFactor: true });
    const [newcomer, imported] = [await newPerson(), await newPerson()];
    await forgetRegistration(imported);
    for (const person of [newcomer, imported]) await stopHalfway(person);
    expect(await toldOf(newcomer)).toBe(0);
    expect(await toldOf(imported)).toBe(1);
  });
});

describe("a login that waits", () => {
  it("is still that of the browser which has just confirmed the address: no news once it goes on", async () => {
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
    expect(await finishBySetUp(pending, input, options, newClient())).toMatchObject({ login: { ok: true } });
    expect(await toldOf(person)).toBe(0);
    expect(mailbox.to(person.email, "new-login")).toHaveLength(0);
    expect(await eventsOf(person)).toContain("login");
  });

  it("goes with the next one of its account once it has waited too long, and not before", async () => {
    const { person } = await someoneWithApp();
    const { id: userId } = person;
    const [over, live] = [await stopHalfway(person), await stopHalfway(person)];
    await db.pendingLogin.update({ where: { id: over.id }, data: { expiresAt: new Date() } });
    const next = await stopHalfway(person);
    const left = await db.pendingLogin.findMany({ where: { userId }, orderBy: { createdAt: "asc" } });
    expect(left.map(({ id }) => id)).toEqual([live.id, next.id]);
  });
});
