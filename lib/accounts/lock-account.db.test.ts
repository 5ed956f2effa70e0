import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { db } from "../platform/db";
import { findSession, openSession } from "../security/sessions";
import { findFormerAddress } from "../security/ways-back";
import { HOUR_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import type { Subject } from "../testing/mail-sink";
import {
  emailTo,
  enter,
  eventsOf,
  loggedInAs,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
  sessionOf,
  tokenIn,
  visitorWith,
} from "../testing/people";
import { giveApp } from "../testing/second-factors";
import { changeEmail, requestEmailChange } from "./change-email";
import { findLockEffects, lockAccount, lockOwnAccount } from "./lock-account";
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
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toMatchObject({
      ok: true,
    });
    expect(await rowOf({ id })).toMatchObject({ lockedByOwnerAt: null });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ ok: true });
    expect(await logIn(email, PASSWORD)).toMatchObject({ reason: "refused" });
  });

  itOnce("works once, and by any security alert of the last seven days", async () => {
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

  itOnce("leaves an operator's lock as it is, which a new password does not end", async () => {
    const { id, email, token } = await newOwner();
    await lockAsOperator(email, newClient());
    expect(await lockAccount(token, newClient())).toEqual(IS_LOCKED);
    expect(await rowOf({ id })).toMatchObject({ lockedByOperatorAt: expect.any(Date) });
    const reset = await tokenFrom(email, "reset-password");
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toMatchObject({
      ok: true,
    });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ reason: "locked", by: "operator" });
  });

  itOnce("refuses a link for another purpose, and changes nothing", async () => {
    const { id, email } = await newPerson();
    await requestPasswordReset({ email }, newClient());
    expect(await lockAccount(await tokenFrom(email, "reset-password"), newClient())).toEqual(LINK_SPENT);
    expect(await rowOf({ id })).toMatchObject({ lockedByOwnerAt: null });
    expect(await logIn(email)).toMatchObject({ ok: true });
  });
});

describe("lockOwnAccount", () => {
  /** In a browser that has just logged in. */
  async function lockFromInside({ id: userId }: Pick<Person, "id">) {
    const { token } = await openSession(userId, false, newClient());
    const session = await findSession(token);
    return lockOwnAccount(session ?? expect.fail("not logged in"), newClient());
  }

  /** Moves the account to another address, as anybody can who knows the password; answers that address. */
  async function moved(person: Person, email = newEmail()): Promise<string> {
    await requestEmailChange(person, { email, password: PASSWORD }, newClient());
    const token = await tokenFrom(email, "change-email");
    expect(await changeEmail(token, loggedInAs(person), newClient())).toMatchObject({ ok: true });
    return email;
  }

  /** The lock leaves the account its address, which gets the link for a new password. */
  async function expectPlainLock(person: Person, email: string) {
    expect(await findFormerAddress(person.id)).toBeNull();
    expect(await lockFromInside(person)).toEqual(IS_LOCKED);
    expect(await addressOf(person)).toBe(email);
    await emailTo(email, "reset-password", mailbox);
  }

  const addressOf = async ({ id }: Pick<Person, "id">) =>
    (await db.user.findUniqueOrThrow({ where: { id }, select: { email: true } })).email;

  it("locks, ends every session, and sends a link for a new password, which ends the lock", async () => {
    const { id, email } = await newOwner();
    await enter({ id });
    expect(await lockFromInside({ id })).toEqual(IS_LOCKED);
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
    expect(await logIn(email)).toEqual(LOCKED);
    expect(await eventsOf({ id })).toContain("account-locked-inside");
    const reset = await tokenFrom(email, "reset-password");
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toMatchObject({
      ok: true,
    });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  itOnce(
    "ends the link by which a thief who knows the password would take the locked account to another address",
    async () => {
      const person = await newPerson();
      const theirs = newEmail();
      await requestEmailChange(person, { email: theirs, password: PASSWORD }, newClient());
      const token = await tokenFrom(theirs, "change-email");
      expect(await lockFromInside(person)).toEqual(IS_LOCKED);
      expect(await changeEmail(token, visitorWith(PASSWORD), newClient())).toEqual(LINK_SPENT);
      expect(await addressOf(person)).toBe(person.email);
      const reset = await tokenFrom(person.email, "reset-password");
      expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toMatchObject({
        ok: true,
      });
    },
  );

  itOnce("takes the oldest address back that can be, and no link of a thief's address works on", async () => {
    const person = await newPerson();
    const stolen = await moved({ ...person, email: await moved(person) });
    expect(await findFormerAddress(person.id)).toBe(person.email);
    await requestPasswordReset({ email: stolen }, newClient());
    const theirReset = await tokenFrom(stolen, "reset-password");
    expect(await lockFromInside(person)).toEqual({ ok: true, isAddressBack: true });
    expect(await addressOf(person)).toBe(person.email);
    expect(await rowOf(person)).toMatchObject({ lockedByOwnerAt: expect.any(Date) });
    expect(await eventsOf(person)).toEqual(
      expect.arrayContaining(["account-locked-inside", "email-restored"]),
    );
    expect((await emailTo(stolen, "email-restored", mailbox)).text).toContain(
      "someone who was logged in locked it",
    );
    expect(await db.linkToken.count({ where: { userId: person.id, purpose: "restore-email" } })).toBe(0);
    expect(await resetPassword({ token: theirReset, password: NEW_PASSWORD }, newClient())).toEqual(
      LINK_SPENT,
    );
    const reset = await tokenFrom(person.email, "reset-password");
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toMatchObject({
      ok: true,
    });
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  itOnce(
    "does not lock alone, without a proof, where the address was moved: the link would go to the person who moved it",
    async () => {
      const person = await newPerson();
      await moved(person);
      const session = await sessionOf(person);
      await giveApp(person);
      expect(await findLockEffects(person.id)).toMatchObject({
        formerAddress: person.email,
        canLockAlone: false,
      });
      const outcome = await lockOwnAccount(session, newClient(), "lock");
      expect(outcome).toEqual({ ok: false, reason: "proof-needed" });
      expect(await rowOf(person)).toMatchObject({ lockedByOwnerAt: null });
      expect(await db.session.count({ where: { id: session.id } })).toBe(1);
    },
  );

  itOnce("takes nothing back where the way back is too old", async () => {
    const person = await newPerson();
    const email = await moved(person);
    const ofPerson = { userId: person.id, purpose: "restore-email" };
    await db.linkToken.updateMany({ where: ofPerson, data: { expiresAt: new Date(Date.now() - 1) } });
    await expectPlainLock(person, email);
  });

  itOnce("takes nothing back where the account has gone back to that address by itself", async () => {
    const person = await newPerson();
    await moved({ ...person, email: await moved(person) }, person.email);
    await expectPlainLock(person, person.email);
  });

  it("does nothing for a session that has just been ended", async () => {
    const person = await newPerson();
    await enter(person);
    const ended = { id: "ended", user: person };
    expect(await lockOwnAccount(ended, newClient())).toEqual({ ok: false, reason: "session-over" });
    expect(await rowOf(person)).toMatchObject({ lockedByOwnerAt: null });
    expect(await db.session.count({ where: { userId: person.id } })).toBe(1);
  });

  itOnce("does nothing where the address was never confirmed: nobody could unlock it", async () => {
    const person = await newPerson({ isVerified: false });
    expect(await lockFromInside(person)).toEqual({ ok: false, reason: "unconfirmed" });
    expect(await rowOf(person)).toMatchObject({ lockedByOwnerAt: null });
    expect(await db.session.count({ where: { userId: person.id } })).toBe(1);
  });
});
