import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import type { Subject } from "../../e2e/support/mailbox";
import { deliverDue } from "../mail/outbox";
import { db } from "../platform/db";
import { findSession, openSession } from "../security/sessions";
import { emailTo, eventsOf, NEW_PASSWORD, newClient, newPerson, PASSWORD, tokenIn } from "../testing/people";
import { lockAccount } from "./lock-account";
import { authenticate, type LoginOutcome } from "./login/admit";
import { requestPasswordReset, resetPassword } from "./reset-password";

/** Logs in; with the token that makes its browser known, as one that has been here before. */
async function logIn(email: string, device: string | null = null): Promise<string> {
  const outcome = await authenticate({ email, password: PASSWORD }, newClient(device));
  return outcome.ok ? outcome.deviceToken : expect.fail("not logged in");
}

const tokenFrom = async (email: string, subject: Subject) => tokenIn(await emailTo(email, subject, mailbox));

const noticesTo = async (email: string) => {
  await deliverDue();
  await expect.poll(() => db.outboxEmail.count()).toBe(0);
  return mailbox.to(email, "new-login").length;
};

afterEach(() => db.rateLimit.deleteMany());

describe("authenticate", () => {
  it("tells the owner of a login from a new device, and says when and where", async () => {
    const { email } = await newPerson();
    await logIn(email);
    await logIn(email);
    const { text } = await emailTo(email, "new-login", mailbox);
    expect(text).toMatch(/logged in to your account on .+ UTC, with Firefox on Linux at 10\.0\.\d+\.\d+\./);
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
    await authenticate({ email, password: "another" }, newClient());
    expect(await noticesTo(email)).toBe(0);
  });
});

describe("lockAccount", () => {
  it("ends every session, makes the password useless and starts the recovery", async () => {
    const { id, email } = await newPerson();
    await logIn(email);
    await logIn(email);
    const session = await openSession(id, true, newClient());
    const token = await tokenFrom(email, "new-login");
    expect(await lockAccount(token, newClient())).toBe(true);

    expect(await findSession(session)).toBeNull();
    const answer = await authenticate({ email, password: PASSWORD }, newClient());
    expect(answer).toEqual({ ok: false, reason: "refused" });
    expect(await eventsOf({ id })).toContain("account-locked");

    const reset = await tokenFrom(email, "reset-password");
    const again = { token: reset, password: NEW_PASSWORD };
    expect(await resetPassword(again, newClient())).toEqual({ ok: true });
    expect(await authenticate({ email, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
  });

  it("works once, and by any notice of the last seven days", async () => {
    const { email } = await newPerson();
    await logIn(email);
    await logIn(email);
    const first = await tokenFrom(email, "new-login");
    await logIn(email);
    await emailTo(email, "new-login", mailbox, 2);
    expect(await lockAccount(first, newClient())).toBe(true);
    expect(await lockAccount(first, newClient())).toBe(false);
  });

  it("leaves no session to a login that compared the password before and comes to open it after", async () => {
    const { id, email } = await newPerson();
    await logIn(email);
    await logIn(email);
    const login = await authenticate({ email, password: PASSWORD }, newClient());
    const token = await tokenFrom(email, "new-login");
    expect(await lockAccount(token, newClient())).toBe(true);
    expect(login.ok && (await login.openSession(true))).toBeNull();
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
  });

  it("leaves none to twenty logins that open theirs at the same moment", async () => {
    const { id, email } = await newPerson();
    await logIn(email);
    const logins = [await authenticate({ email, password: PASSWORD }, newClient())];
    while (logins.length < 4) logins.push(await authenticate({ email, password: PASSWORD }, newClient()));
    const token = await tokenFrom(email, "new-login");
    const open = (login: LoginOutcome) => (login.ok ? login.openSession(false) : null);
    const racing = Array.from({ length: 5 }, () => logins.map(open)).flat();
    await Promise.all([...racing, lockAccount(token, newClient())]);
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
  });

  it("refuses a link for another purpose, and changes nothing", async () => {
    const { email } = await newPerson();
    await requestPasswordReset({ email }, newClient());
    expect(await lockAccount(await tokenFrom(email, "reset-password"), newClient())).toBe(false);
    await logIn(email);
  });
});
