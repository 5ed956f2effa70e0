import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { db } from "../platform/db";
import { findSession, openSession } from "../security/sessions";
import { HOUR_MS } from "../shared/units";
import type { Subject } from "../testing/mail-sink";
import {
  emailTo,
  enter,
  eventsOf,
  logIn,
  NEW_PASSWORD,
  newClient,
  newPerson,
  PASSWORD,
  type Person,
  tokenIn,
} from "../testing/people";
import { lockAccount, lockOwnAccount } from "./lock-account";
import { lockAsOperator } from "./operator";
import { requestPasswordReset, resetPassword } from "./reset-password";

const IS_LOCKED = { ok: true, isAddressBack: false };
const LINK_SPENT = { ok: false, reason: "link-spent" };
const LOCKED = { ok: false, reason: "locked", by: "owner" };

const tokenFrom = async (email: string, subject: Subject, count = 1) =>
  tokenIn(await emailTo(email, subject, mailbox, count));

/** Someone with an account and the link of a security alert about it. */
async function newOwner(): Promise<Person & { token: string }> {
  const person = await newPerson();
  await enter(person);
  await enter(person);
  return { ...person, token: await tokenFrom(person.email, "new-login") };
}

const rowOf = ({ id }: Pick<Person, "id">) =>
  db.user.findUniqueOrThrow({
    where: { id },
    select: { passwordHash: true, lockedByOwnerAt: true, lockedByOperatorAt: true },
  });

afterEach(() => db.rateLimit.deleteMany());

describe("lockAccount", () => {
  it("ends every session, lets no login in, forgets every browser, and starts the recovery", async () => {
    const { id, email, token } = await newOwner();
    const session = await openSession(id, true, newClient());
    const before = await rowOf({ id });
    expect(await lockAccount(token, newClient())).toEqual(IS_LOCKED);

    expect(await findSession(session.token)).toBeNull();
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
    expect(await db.knownBrowser.count({ where: { userId: id } })).toBe(0);
    expect(await logIn(email)).toEqual(LOCKED);
    expect(await eventsOf({ id })).toContain("account-locked");
    expect(await rowOf({ id })).toEqual({
      passwordHash: before.passwordHash, // a lock is not an account without a password
      lockedByOwnerAt: expect.any(Date),
      lockedByOperatorAt: null,
    });

    const reset = await tokenFrom(email, "reset-password");
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toEqual({ ok: true });
    expect(await rowOf({ id })).toMatchObject({ lockedByOwnerAt: null });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ ok: true });
    expect(await logIn(email, PASSWORD)).toMatchObject({ reason: "refused" });
  });

  it("works once, and by any security alert of the last seven days", async () => {
    const { id, email, token } = await newOwner();
    await db.user.update({ where: { id }, data: { loginAlertAt: new Date(Date.now() - HOUR_MS) } });
    await enter({ id });
    await emailTo(email, "new-login", mailbox, 2);
    expect(await lockAccount(token, newClient())).toEqual(IS_LOCKED);
    expect(await lockAccount(token, newClient())).toEqual(LINK_SPENT);
  });

  it("leaves no session to logins under way at the same moment", async () => {
    const { id, email, token } = await newOwner();
    const logins = Array.from({ length: 6 }, () => logIn(email));
    const [outcomes, locked] = await Promise.all([Promise.all(logins), lockAccount(token, newClient())]);
    expect(locked).toEqual(IS_LOCKED);
    for (const outcome of outcomes) if (!outcome.ok) expect(outcome).toEqual(LOCKED);
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
    expect(await db.knownBrowser.count({ where: { userId: id } })).toBe(0);
  });

  it("leaves an operator's lock as it is, which a new password does not end", async () => {
    const { id, email, token } = await newOwner();
    await lockAsOperator(email, newClient());
    expect(await lockAccount(token, newClient())).toEqual(IS_LOCKED);
    expect(await rowOf({ id })).toMatchObject({ lockedByOperatorAt: expect.any(Date) });
    const reset = await tokenFrom(email, "reset-password");
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toEqual({ ok: true });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ reason: "locked", by: "operator" });
  });

  it("refuses a link for another purpose, and changes nothing", async () => {
    const { id, email } = await newPerson();
    await requestPasswordReset({ email }, newClient());
    expect(await lockAccount(await tokenFrom(email, "reset-password"), newClient())).toEqual(LINK_SPENT);
    expect(await rowOf({ id })).toMatchObject({ lockedByOwnerAt: null });
    expect(await logIn(email)).toMatchObject({ ok: true });
  });
});

describe("lockOwnAccount", () => {
  it("locks, ends every session, and sends a link for a new password, which ends the lock", async () => {
    const { id, email } = await newOwner();
    await enter({ id });
    expect(await lockOwnAccount(id, newClient())).toBe(true);
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
    expect(await logIn(email)).toEqual(LOCKED);
    expect(await eventsOf({ id })).toContain("account-locked-inside");
    const reset = await tokenFrom(email, "reset-password");
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toEqual({ ok: true });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  it("does nothing where the address was never confirmed: nobody could unlock it", async () => {
    const person = await newPerson({ isVerified: false });
    await enter(person);
    expect(await lockOwnAccount(person.id, newClient())).toBe(false);
    expect(await rowOf(person)).toMatchObject({ lockedByOwnerAt: null });
    expect(await db.session.count({ where: { userId: person.id } })).toBe(1);
  });
});
