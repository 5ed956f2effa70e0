import { randomUUID } from "node:crypto";
import { hashSync } from "bcryptjs";
import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () =>
  (await import("../testing/mailbox")).startMailbox({ REQUIRE_VERIFIED_EMAIL: "true" }),
);

import { deliverDue } from "../mail/delivery";
import { SEND_TIMEOUT_MS } from "../mail/transport";
import { hashToken, newToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { CODE_TRIES } from "../security/link-tokens";
import { findSession, openSession } from "../security/sessions";
import { isReserved } from "../security/ways-back";
import { CODE_LIMITS, EMAIL_LIMITS, LOGIN_LIMITS } from "../shared/limits";
import { CODE_TTL_MS } from "../shared/links";
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
  proven,
  tokenIn,
  visitorWith,
} from "../testing/people";
import { changeEmail, requestEmailChange } from "./change-email";
import { admit } from "./login/admit";
import { lockAsOperator } from "./operator";
import { register } from "./register";
import { requestPasswordReset, resetPassword } from "./reset-password";
import { requestVerification } from "./verification-email";
import { type Confirmed, verifyEmail, verifyEmailByCode } from "./verify-email";

const WRONG_CODE = { ok: false, reason: "wrong-code" };
const LINK_SPENT = { ok: false, reason: "link-spent" };
const PASSWORD_NEEDED = { ok: false, reason: "password-needed" };
const REFUSED = { ok: false, reason: "refused" };
const CONFIRMED = { ok: true };
const NO_SESSION = { isRemembered: false, previousSessionToken: null };

const inAnHour = () => new Date(Date.now() + HOUR_MS);

/** Registers a person and reads their email. */
async function newcomer() {
  const email = newEmail();
  const input = {
    username: `a${randomUUID().slice(0, 12)}`,
    email,
    password: PASSWORD,
    confirmation: PASSWORD,
  };
  expect(await register(input, newClient())).toEqual({ ok: true });
  const emailCanonical = email.toLowerCase();
  const { id } = await db.user.findUniqueOrThrow({ where: { emailCanonical }, select: { id: true } });
  return { id, email, emailCanonical, ...(await readEmail(email, "verify-email")) };
}

async function readEmail(email: string, subject: Subject, count = 1) {
  const mail = await emailTo(email, subject, mailbox, count);
  return { token: tokenIn(mail), code: /^(\d{6})$/m.exec(mail.text)?.[1] ?? "" };
}

const isVerified = async (id: string) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { emailVerified: true } })).emailVerified !==
  null;

afterEach(() => db.rateLimit.deleteMany());

describe("verifyEmail", () => {
  it("confirms with one press where the account is logged in, once", async () => {
    const person = await newcomer();
    expect(await isVerified(person.id)).toBe(false);
    const answer = await verifyEmail(person.token, loggedInAs(person), newClient());
    expect(answer).toEqual({ ok: true, by: "session", login: null });
    expect(await isVerified(person.id)).toBe(true);
    expect(await verifyEmail(person.token, loggedInAs(person), newClient())).toEqual(LINK_SPENT);
    expect(await eventsOf(person)).toEqual(["email-verified"]);
  });

  itOnce("asks every other browser for the password, and logs it in", async () => {
    const person = await newcomer();
    for (const asker of [visitorWith(null), loggedInAs(await newPerson())])
      expect(await verifyEmail(person.token, asker, newClient())).toEqual(PASSWORD_NEEDED);
    expect(await verifyEmail(person.token, visitorWith("a guess"), newClient())).toEqual(REFUSED);
    expect(await isVerified(person.id)).toBe(false);
    expect(await verifyEmail(person.token, visitorWith(PASSWORD), newClient())).toMatchObject({
      ok: true,
      by: "password",
      login: { ok: true, session: { userId: person.id } },
    });
    expect(await isVerified(person.id)).toBe(true);
  });

  itOnce("sends no alert to a newcomer about the browser that confirms, however late", async () => {
    const person = await newcomer();
    const createdAt = new Date(Date.now() - 20 * HOUR_MS);
    await db.user.update({ where: { id: person.id }, data: { createdAt }, select: { id: true } });
    expect(await verifyEmail(person.token, visitorWith(PASSWORD), newClient())).toMatchObject({
      login: { ok: true },
    });
    await deliverDue();
    expect(mailbox.to(person.email, "new-login")).toEqual([]);
    await logIn(person.email);
    await emailTo(person.email, "new-login", mailbox);
  });

  itOnce("leaves the login of a browser alone that is logged in to another account", async () => {
    const [person, other] = [await newcomer(), await newPerson()];
    const answer = await verifyEmail(person.token, loggedInAs(other, PASSWORD), newClient());
    expect(answer).toEqual({ ok: true, by: "password", login: null });
    expect(await db.session.count({ where: { userId: person.id } })).toBe(0);
    expect(await eventsOf(person)).toContain("password-proven");
  });

  it("refuses when the password was changed while it was compared, and the link works on", async () => {
    const person = await newcomer();
    const racing = vi.spyOn(db, "$transaction").mockImplementationOnce(async (work) => {
      vi.restoreAllMocks();
      await db.user.update({ where: { id: person.id }, data: { passwordHash: "another" } });
      return db.$transaction(work as never);
    });
    expect(await verifyEmail(person.token, visitorWith(PASSWORD), newClient())).toEqual(REFUSED);
    expect(racing).toHaveBeenCalledOnce();
    expect(await verifyEmail(person.token, loggedInAs(person), newClient())).toMatchObject(CONFIRMED);
  });

  itOnce("makes an old hash of the password anew, as the login does", async () => {
    const person = await newcomer();
    const passwordHash = hashSync(PASSWORD, 4);
    await db.user.update({ where: { id: person.id }, data: { passwordHash }, select: { id: true } });
    expect(await verifyEmail(person.token, visitorWith(PASSWORD), newClient())).toMatchObject(CONFIRMED);
    expect((await proven(person)).passwordHash).toMatch(/^\$2b\$12\$/);
  });

  itOnce("counts wrong passwords as failed logins", async () => {
    const { email, token } = await newcomer();
    const client = newClient();
    for (let guesses = 0; guesses < LOGIN_LIMITS.failuresBeforeWait; guesses++)
      expect(await verifyEmail(token, visitorWith("a guess"), client)).toEqual(REFUSED);
    expect(await verifyEmail(token, visitorWith(PASSWORD), client)).toMatchObject({ reason: "throttled" });
    expect(await logIn(email, PASSWORD, client)).toMatchObject({ reason: "throttled" });
  });

  itOnce("opens no locked account", async () => {
    const { id, email, token } = await newcomer();
    await lockAsOperator(email, newClient());
    const { login } = (await verifyEmail(token, visitorWith(PASSWORD), newClient())) as Confirmed;
    expect(login).toEqual({ ok: false, reason: "locked", by: "operator" });
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
  });

  itOnce("refuses a link for another purpose, and costs no password there", async () => {
    const { id, email } = await newcomer();
    await requestPasswordReset({ email }, newClient());
    const { token } = await readEmail(email, "reset-password");
    expect(await verifyEmail(token, visitorWith(PASSWORD), newClient())).toEqual(LINK_SPENT);
    expect(await isVerified(id)).toBe(false);
  });
});

describe("resetPassword by a link that confirms an address", () => {
  /** A stranger registers with another's address and leaves whatever an account can have. */
  async function registeredByStranger() {
    const victim = await newcomer();
    const { id, email, emailCanonical } = victim;
    const user = await proven({ id });
    const session = await openSession(id, true, newClient());
    const stranger = newClient();
    await db.knownBrowser.create({
      data: { tokenHash: hashToken(newToken()), userId: id },
    });
    const theirs = newEmail();
    await requestEmailChange({ id, email }, { email: theirs, password: PASSWORD }, stranger);
    const change = tokenIn(await emailTo(theirs, "change-email", mailbox));
    await requestPasswordReset({ email }, stranger);
    const reset = (await readEmail(email, "reset-password")).token;
    const hold = {
      purpose: "restore-email",
      tokenHash: hashToken(newEmail()),
      email: theirs,
      expiresAt: inAnHour(),
    };
    await db.linkToken.create({ data: { ...hold, userId: id } });
    const alert = await db.outboxEmail.create({
      data: { id: randomUUID(), sealed: "", dueAt: inAnHour(), expiresAt: inAnHour() },
    });
    await db.user.update({ where: { id }, data: { loginAlertAt: inAnHour(), loginAlertEmailId: alert.id } });
    await db.account.create({
      data: { userId: id, type: "oauth", provider: "example", providerAccountId: id },
    });
    await db.picture.create({
      data: { userId: id, bytes: new Uint8Array(1), hash: id, updatedAt: new Date() },
    });
    await db.formerUsername.create({
      data: { userId: id, username: id, usernameCanonical: id, leftAt: new Date() },
    });
    await db.user.update({ where: { id }, data: { name: "A stranger", deleteAt: inAnHour() } });
    return { ...victim, emailCanonical, user, session, change, reset, theirs, alert };
  }

  itOnce("ends whatever was set before, and logs no one in", async () => {
    const { id, email, token, user, session, change, reset, theirs, alert } = await registeredByStranger();
    const chosen = await resetPassword(
      { token, password: NEW_PASSWORD, purpose: "verify-email" },
      newClient(),
    );
    expect(chosen).toMatchObject({ ok: true });
    expect(await isVerified(id)).toBe(true);
    expect(await findSession(session.token)).toBeNull();
    expect(await logIn(email)).toEqual(REFUSED);
    for (const asker of [loggedInAs({ id }), visitorWith(PASSWORD)])
      expect(await changeEmail(change, asker, newClient())).toEqual(LINK_SPENT);
    expect(await resetPassword({ token: reset, password: PASSWORD }, newClient())).toEqual(LINK_SPENT);
    expect(await isReserved(theirs.toLowerCase(), null)).toBe(false);
    expect(await admit(user, "password", newClient(), NO_SESSION)).toEqual(REFUSED);
    const where = { userId: id };
    expect(await db.knownBrowser.count({ where })).toBe(0);
    expect(await db.account.count({ where })).toBe(0);
    expect(await db.picture.count({ where })).toBe(0);
    expect(await db.formerUsername.count({ where })).toBe(0);
    const left = await db.user.findUniqueOrThrow({ where: { id }, select: { name: true, deleteAt: true } });
    expect(left).toEqual({ name: null, deleteAt: null });
    expect(await db.outboxEmail.count({ where: { id: alert.id } })).toBe(0);
    // The one that locks the account, in the alert about the new password.
    expect(await db.linkToken.findMany({ where, select: { purpose: true } })).toEqual([
      { purpose: "lock-account" },
    ]);
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  itOnce("does the same when the link was asked for as a forgotten password", async () => {
    const { id, session, change, reset } = await registeredByStranger();
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toMatchObject({
      ok: true,
    });
    expect(await findSession(session.token)).toBeNull();
    expect(await changeEmail(change, visitorWith(NEW_PASSWORD), newClient())).toEqual(LINK_SPENT);
    expect(await db.account.count({ where: { userId: id } })).toBe(0);
  });

  itOnce("refuses a weak password, and the link works on", async () => {
    const { email, token } = await newcomer();
    const choose = (password: string) =>
      resetPassword({ token, password, purpose: "verify-email" }, newClient());
    expect(await choose(email)).toMatchObject({ reason: "weak-password" });
    expect(await choose(NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  itOnce("sets none once the address is confirmed, however it was", async () => {
    const person = await newcomer();
    await resetPassword({ token: await resetToken(person.email), password: NEW_PASSWORD }, newClient());
    await requestVerification(person, newClient()); // of a page that was open all the time
    const again = { token: person.token, password: PASSWORD, purpose: "verify-email" } as const;
    expect(await resetPassword(again, newClient())).toEqual(LINK_SPENT);
    expect(mailbox.to(person.email, "verify-email")).toHaveLength(1);
    await db.linkToken.create({
      data: {
        purpose: "verify-email",
        tokenHash: hashToken(person.token),
        userId: person.id,
        email: person.emailCanonical,
        expiresAt: inAnHour(),
      },
    });
    expect(await resetPassword(again, newClient())).toEqual(LINK_SPENT);
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  async function resetToken(email: string): Promise<string> {
    await requestPasswordReset({ email }, newClient());
    return (await readEmail(email, "reset-password")).token;
  }
});

describe("verifyEmailByCode", () => {
  itOnce("takes a code for ten minutes from when its email left, however long that had waited", async () => {
    const { id, email, emailCanonical } = await newcomer();
    await mailbox.stop();
    await requestVerification({ id, emailCanonical }, newClient());
    await deliverDue(); // in vain
    const longAgo = new Date(Date.now() - HOUR_MS);
    await db.linkToken.updateMany({
      where: { userId: id, codeHash: { not: null } },
      data: { codeExpiresAt: longAgo },
    });
    await mailbox.start();
    await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
    const { code } = await readEmail(email, "verify-email", 2);
    const { codeExpiresAt } = await db.linkToken.findFirstOrThrow({
      where: { userId: id, codeHash: { not: null } },
    });
    const left = (codeExpiresAt?.getTime() ?? 0) - Date.now();
    expect(left).toBeGreaterThan(CODE_TTL_MS - 10_000);
    expect(left).toBeLessThanOrEqual(CODE_TTL_MS + SEND_TIMEOUT_MS);
    expect(await verifyEmailByCode({ email, code }, loggedInAs({ id }), newClient())).toMatchObject(
      CONFIRMED,
    );
  });

  it("confirms the address by the code of the email, whatever case it is typed in", async () => {
    const { id, email, code } = await newcomer();
    const input = { email: email.toUpperCase(), code };
    expect(await verifyEmailByCode(input, loggedInAs({ id }), newClient())).toMatchObject(CONFIRMED);
    expect(await isVerified(id)).toBe(true);
  });

  it("keeps count of wrong codes though nothing else changes", async () => {
    const { id, email, code } = await newcomer();
    const wrong = code === "000000" ? "111111" : "000000";
    for (let tries = 0; tries < 5; tries++)
      expect(await verifyEmailByCode({ email, code: wrong }, loggedInAs({ id }), newClient())).toEqual(
        WRONG_CODE,
      );
    expect(await verifyEmailByCode({ email, code }, loggedInAs({ id }), newClient())).toEqual(WRONG_CODE);
    expect(await isVerified(id)).toBe(false);
  });

  itOnce("says the same of a wrong password and of an address without an account", async () => {
    const { email, code } = await newcomer();
    for (const typed of [email, newEmail()])
      for (const password of ["a guess", null])
        expect(await verifyEmailByCode({ email: typed, code }, visitorWith(password), newClient())).toEqual(
          password === null ? PASSWORD_NEEDED : REFUSED,
        );
  });

  itOnce(
    "asks a browser that is not logged in to that account for its password, and counts no code before",
    async () => {
      const [{ id, email, code }, other] = [await newcomer(), await newPerson()];
      for (let tries = 0; tries <= CODE_TRIES; tries++)
        for (const asker of [visitorWith(null), loggedInAs(other)])
          expect(await verifyEmailByCode({ email, code }, asker, newClient())).toEqual(PASSWORD_NEEDED);
      expect(await verifyEmailByCode({ email, code }, visitorWith(PASSWORD), newClient())).toMatchObject({
        ok: true,
        login: { ok: true, session: { userId: id } },
      });
    },
  );

  itOnce.each(["nobody", "another"])(
    "is a login with an alert where the address is confirmed already and %s is logged in: no password is tried unseen",
    async (who) => {
      const [person, other] = [await newPerson(), await newPerson()];
      await enter(person);
      const typed = { email: person.email, code: "123456" };
      const { token } = await openSession(other.id, false, newClient());
      const asker = {
        ...(who === "nobody" ? visitorWith(PASSWORD) : loggedInAs(other, PASSWORD)),
        sessionToken: token,
      };
      const guess = { ...asker, password: "a guess" };
      expect(await verifyEmailByCode(typed, guess, newClient())).toEqual(REFUSED);
      expect(await verifyEmailByCode(typed, asker, newClient())).toMatchObject({
        ok: true,
        login: { ok: true, session: { userId: person.id } },
      });
      await emailTo(person.email, "new-login", mailbox);
      expect(await findSession(token), "a browser has one session").toBeNull();
      await lockAsOperator(person.email, newClient());
      expect(await verifyEmailByCode(typed, asker, newClient())).toMatchObject({
        login: { reason: "locked" },
      });
      expect(await eventsOf(person)).toEqual(["login", "login-failed", "login", "locked", "login-locked"]);
    },
  );

  itOnce("leaves wrong codes in the account's history", async () => {
    const { id, email, code } = await newcomer();
    const wrong = code === "000000" ? "111111" : "000000";
    expect(await verifyEmailByCode({ email, code: wrong }, visitorWith(PASSWORD), newClient())).toEqual(
      WRONG_CODE,
    );
    expect(await eventsOf({ id })).toContain("verification-failed");
  });

  itOnce("looks at twenty codes an hour for one address", async () => {
    const { id, email, code } = await newcomer();
    const wrong = code === "000000" ? "111111" : "000000";
    for (let tries = 0; tries < CODE_LIMITS.perAddress; tries++)
      expect(await verifyEmailByCode({ email, code: wrong }, loggedInAs({ id }), newClient())).toEqual(
        WRONG_CODE,
      );
    const outcome = await verifyEmailByCode({ email, code }, loggedInAs({ id }), newClient());
    expect(outcome).toMatchObject({ ok: false, reason: "throttled" });
  });

  itOnce(
    "looks at sixty an hour from one network, the right one for another address among them",
    async () => {
      const { id, email, code } = await newcomer();
      const client = newClient();
      let other = await newPerson({ isVerified: false });
      for (let tries = 0; tries < CODE_LIMITS.perNetwork; tries++) {
        if (tries % CODE_LIMITS.perAddress === 0) other = await newPerson({ isVerified: false });
        await verifyEmailByCode({ email: other.email, code: "123456" }, loggedInAs(other), client);
      }
      const input = { email, code };
      expect(await verifyEmailByCode(input, loggedInAs({ id }), client)).toMatchObject({
        reason: "throttled",
      });
      expect(await isVerified(id)).toBe(false);
      expect(await verifyEmailByCode({ email, code }, loggedInAs({ id }), newClient())).toMatchObject(
        CONFIRMED,
      );
    },
  );
});

describe("requestVerification", () => {
  it("sends another email, five an hour", async () => {
    const person = await newcomer();
    // The first came with the registration.
    for (let count = 1; count < EMAIL_LIMITS.perAddress; count++)
      expect(await requestVerification(person, newClient())).toEqual({ ok: true });
    expect(await requestVerification(person, newClient())).toMatchObject({ reason: "throttled" });
    const { token } = await readEmail(person.email, "verify-email", EMAIL_LIMITS.perAddress);
    expect(await verifyEmail(token, loggedInAs(person), newClient())).toMatchObject(CONFIRMED);
  });
});

describe("logInWithPassword, where REQUIRE_VERIFIED_EMAIL is set", () => {
  itOnce("opens no session before the address is confirmed, and sends the email again", async () => {
    const { id, email } = await newcomer();
    expect(await logIn(email)).toEqual({
      ok: false,
      reason: "unverified",
    });
    expect(await db.session.count({ where: { userId: id } })).toBe(0);
    expect(await db.knownBrowser.count({ where: { userId: id } })).toBe(0);
    const { token } = await readEmail(email, "verify-email", 2);
    await verifyEmail(token, loggedInAs({ id }), newClient());
    expect(await logIn(email)).toMatchObject({
      ok: true,
      session: { userId: id },
    });
  });

  itOnce("tells of a lock first", async () => {
    const { email } = await newcomer();
    await lockAsOperator(email, newClient());
    expect(await logIn(email)).toEqual({ ok: false, reason: "locked", by: "operator" });
  });

  itOnce("tells it only to a person who knows the password", async () => {
    const { email } = await newcomer();
    const answer = await logIn(email, "another");
    expect(answer).toEqual({ ok: false, reason: "refused" });
  });

  itOnce(
    "lets a person in who set a new password by an emailed link: the address is shown to be theirs",
    async () => {
      const { email } = await newcomer();
      await requestPasswordReset({ email }, newClient());
      const { token } = await readEmail(email, "reset-password");
      await resetPassword({ token, password: NEW_PASSWORD }, newClient());
      const answer = await logIn(email, NEW_PASSWORD);
      expect(answer).toMatchObject({ ok: true });
    },
  );
});
