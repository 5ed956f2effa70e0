import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";

const { mailbox } = await vi.hoisted(async () => {
  const { Mailbox } = await import("../e2e/support/mailbox");
  const mailbox = new Mailbox();
  await mailbox.start();
  Object.assign(process.env, mailbox.settings);
  return { mailbox };
});

import { linkIn, type Subject } from "../e2e/support/mailbox";
import {
  authenticate,
  type LoginOutcome,
  lockAccount,
  requestPasswordReset,
  resetPassword,
} from "./accounts";
import type { Caller } from "./caller";
import { db } from "./db";
import { deliverDue } from "./mail/outbox";
import { hashPassword } from "./password";
import { findSession, openSession } from "./session";

const PASSWORD = "correct horse battery staple";
const passwordHash = await hashPassword(PASSWORD);

let last = 0;
const newCaller = (device: string | null = null): Caller => ({
  ip: `203.0.113.${++last}`,
  userAgent: "Firefox/140.0 Linux",
  requestId: null,
  device,
});

async function newPerson() {
  const email = `ada-${randomUUID()}@example.com`;
  const { id } = await db.user.create({
    data: { username: email, usernameCanonical: email, email, emailCanonical: email, passwordHash },
    select: { id: true },
  });
  return { id, email };
}

/** Logs in; with the token that makes its browser known, as one that has been here before. */
async function logIn(email: string, device: string | null = null): Promise<string> {
  const outcome = await authenticate({ email, password: PASSWORD }, newCaller(device));
  return outcome.ok ? outcome.deviceToken : expect.fail("not logged in");
}

async function tokenFrom(email: string, subject: Subject): Promise<string> {
  await deliverDue();
  const link = linkIn(await mailbox.latest(email, subject));
  return new URL(link, "http://x").searchParams.get("token") ?? "";
}

const noticesTo = async (email: string) => {
  await deliverDue();
  await expect.poll(() => db.letter.count()).toBe(0);
  return mailbox.to(email, "new-login").length;
};

afterEach(() => db.rateLimit.deleteMany());

describe("authenticate", () => {
  it("tells the owner of a login from a new device, and says when and where", async () => {
    const { email } = await newPerson();
    await logIn(email);
    await logIn(email);
    await deliverDue();
    const { text } = await mailbox.latest(email, "new-login");
    expect(text).toMatch(/logged in to your account on .+ UTC, with Firefox on Linux at 203\.0\.113\.\d+\./);
  });

  it("tells nothing of the first login after registering, nor of a browser that is known", async () => {
    const { email } = await newPerson();
    const device = await logIn(email);
    await logIn(email, device);
    expect(await noticesTo(email)).toBe(0);
  });

  it("tells nothing of a wrong password", async () => {
    const { email } = await newPerson();
    await logIn(email);
    await authenticate({ email, password: "another" }, newCaller());
    expect(await noticesTo(email)).toBe(0);
  });
});

describe("lockAccount", () => {
  it("ends every session, makes the password useless and starts the recovery", async () => {
    const { id, email } = await newPerson();
    await logIn(email);
    await logIn(email);
    const session = await openSession(id, true, newCaller());
    const token = await tokenFrom(email, "new-login");
    expect(await lockAccount(token, newCaller())).toBe(true);

    expect(await findSession(session)).toBeNull();
    const answer = await authenticate({ email, password: PASSWORD }, newCaller());
    expect(answer).toEqual({ ok: false, reason: "refused" });
    const events = await db.auditEvent.findMany({ where: { userId: id, event: "account-locked" } });
    expect(events).toHaveLength(1);

    const reset = await tokenFrom(email, "reset-password");
    const password = "quite another password";
    expect(await resetPassword({ token: reset, password }, newCaller())).toEqual({ ok: true });
    expect(await authenticate({ email, password }, newCaller())).toMatchObject({ ok: true });
  });

  it("works once, and by any notice of the last seven days", async () => {
    const { email } = await newPerson();
    await logIn(email);
    await logIn(email);
    const first = await tokenFrom(email, "new-login");
    await logIn(email);
    await deliverDue();
    await mailbox.latest(email, "new-login", 2);
    expect(await lockAccount(first, newCaller())).toBe(true);
    expect(await lockAccount(first, newCaller())).toBe(false);
  });

  it("leaves no session to a login that compared the password before and comes to open it after", async () => {
    const { id, email } = await newPerson();
    await logIn(email);
    await logIn(email);
    const login = await authenticate({ email, password: PASSWORD }, newCaller());
    const token = await tokenFrom(email, "new-login");
    expect(await lockAccount(token, newCaller())).toBe(true);
    expect(login.ok && (await login.openSession(true))).toBeNull();
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
  });

  it("leaves none to twenty logins that open theirs at the same moment", async () => {
    const { id, email } = await newPerson();
    await logIn(email);
    const logins = [await authenticate({ email, password: PASSWORD }, newCaller())];
    while (logins.length < 4) logins.push(await authenticate({ email, password: PASSWORD }, newCaller()));
    const token = await tokenFrom(email, "new-login");
    const open = (login: LoginOutcome) => (login.ok ? login.openSession(false) : null);
    const racing = Array.from({ length: 5 }, () => logins.map(open)).flat();
    await Promise.all([...racing, lockAccount(token, newCaller())]);
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
  });

  it("refuses a link for another purpose, and changes nothing", async () => {
    const { email } = await newPerson();
    await requestPasswordReset({ email }, newCaller());
    expect(await lockAccount(await tokenFrom(email, "reset-password"), newCaller())).toBe(false);
    await logIn(email);
  });
});
