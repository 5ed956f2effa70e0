import { randomUUID } from "node:crypto";
import { hashSync } from "bcryptjs";
import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () =>
  (await import("../testing/mailbox")).startMailbox({ REQUIRE_VERIFIED_EMAIL: "true" }),
);

import { hashToken, newToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { countRegistrationEmail } from "../security/rate-limits/email-limits";
import {
  CORRECTION_LIMITS,
  EMAIL_LIMITS,
  LOGIN_LIMITS,
  MOVE_LIMITS,
  REGISTRATION_LIMITS,
} from "../shared/limits";
import { HOUR_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import * as people from "../testing/people";
import {
  emailTo,
  eventsOf,
  loggedInAs,
  logIn,
  newClient,
  newEmail,
  PASSWORD,
  type Person,
  tokenIn,
  visitorWith,
} from "../testing/people";
import { giveApp } from "../testing/second-factors";
import { changeEmail, requestEmailChange } from "./change-email";
import { correctEmail } from "./correct-email";
import { lockAsOperator } from "./operator";
import { register } from "./register";
import { requestPasswordReset } from "./reset-password";
import { requestVerification } from "./verification-email";
import { verifyEmail, verifyEmailByCode } from "./verify-email";

const REFUSED = { ok: false, reason: "refused" };
const TAKEN = { ok: false, reason: "taken" };

/** Someone who has mistyped their address; what proving their password costs is not looked at. */
async function newPerson(options = {}): Promise<Person> {
  const person = await people.newPerson({ isVerified: false, ...options });
  const username = newUsername();
  await db.user.update({
    where: { id: person.id },
    data: { username, usernameCanonical: username },
    select: { id: true },
  });
  return { ...person, username };
}

const newUsername = () => `a${randomUUID().slice(0, 12)}`;

const correct = (
  person: Person,
  email: string,
  { account = person.username, password = PASSWORD, client = newClient() } = {},
) => correctEmail({ account, password, email }, client);

const emailOf = async ({ id }: Pick<Person, "id">) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { email: true } })).email;

afterEach(async () => {
  await db.rateLimit.deleteMany();
});

describe("correctEmail", () => {
  itOnce(
    "does not move an account with a second factor by the password alone: the new mailbox could end the factor",
    async () => {
      const person = await newPerson();
      await giveApp(person);
      for (let time = 0; time <= CORRECTION_LIMITS.perAccount; time++)
        expect(await correct(person, newEmail()), "nothing is counted").toEqual(REFUSED);
      expect(await emailOf(person)).toBe(person.email);
    },
  );

  it("lets a person in who registered with a mistyped address, and ends what was sent there", async () => {
    const [wrong, right] = [newEmail(), newEmail()];
    const username = newUsername();
    await register({ username, email: wrong, password: PASSWORD, confirmation: PASSWORD }, newClient());
    const mail = await emailTo(wrong, "verify-email", mailbox);
    const code = /^(\d{6})$/m.exec(mail.text)?.[1] ?? "";

    const answer = await correctEmail({ account: username, password: PASSWORD, email: right }, newClient());
    expect(answer).toEqual({ ok: true });
    const person = await db.user.findUniqueOrThrow({ where: { emailCanonical: right.toLowerCase() } });
    expect(person).toMatchObject({ email: right, emailVerified: null, wasConfirmationRequired: true });
    const spent = { ok: false, reason: "link-spent" };
    expect(await verifyEmail(tokenIn(mail), loggedInAs(person), newClient())).toEqual(spent);
    expect(await verifyEmailByCode({ email: wrong, code }, visitorWith(PASSWORD), newClient())).toEqual(
      REFUSED,
    );
    expect(await verifyEmailByCode({ email: right, code }, visitorWith(PASSWORD), newClient())).toMatchObject(
      {
        reason: "wrong-code",
      },
    );
    expect(await logIn(right)).toMatchObject({ reason: "unverified" });
    const token = tokenIn(await emailTo(right, "verify-email", mailbox));
    expect(await verifyEmail(token, visitorWith(PASSWORD), newClient())).toMatchObject({
      login: { ok: true },
    });
    expect((await eventsOf(person))[0]).toBe("email-corrected");
    expect(mailbox.to(wrong, "verify-email"), "the stranger hears no more").toHaveLength(1);
  });

  itOnce("knows the account by the mistyped address too, in any case", async () => {
    const person = await newPerson();
    const email = newEmail();
    expect(await correct(person, email, { account: person.email.toUpperCase() })).toEqual({ ok: true });
    expect(await emailOf(person)).toBe(email);
  });

  itOnce("ends links for good: none works again when the account goes back to its address", async () => {
    const person = await newPerson();
    const elsewhere = newEmail();
    await requestVerification(person, newClient());
    await requestEmailChange(person, { email: elsewhere, password: PASSWORD }, newClient());
    const token = tokenIn(await emailTo(person.email, "verify-email", mailbox));
    const change = tokenIn(await emailTo(elsewhere, "change-email", mailbox));
    for (const email of [newEmail(), person.email])
      expect(await correct(person, email)).toEqual({ ok: true });
    const spent = { ok: false, reason: "link-spent" };
    expect(await verifyEmail(token, loggedInAs(person), newClient())).toEqual(spent);
    expect(await changeEmail(change, loggedInAs(person), newClient())).toEqual(spent);
  });

  itOnce("leaves the former address to others at once", async () => {
    const person = await newPerson();
    await correct(person, newEmail());
    const username = newUsername();
    const input = { username, email: person.email, password: PASSWORD, confirmation: PASSWORD };
    expect(await register(input, newClient())).toEqual({ ok: true });
  });

  itOnce("says the same of a wrong password, an unknown name and an address that is confirmed", async () => {
    const [person, confirmed] = [await newPerson(), await newPerson({ isVerified: true })];
    for (const account of [person.username, person.email])
      expect(await correct(person, newEmail(), { account, password: "a guess" })).toEqual(REFUSED);
    for (const account of ["nobody", newEmail(), confirmed.username, confirmed.email])
      expect(await correct(person, newEmail(), { account })).toEqual(REFUSED);
    expect([await emailOf(person), await emailOf(confirmed)]).toEqual([person.email, confirmed.email]);
  });

  itOnce("counts wrong passwords under what was typed: with the address, as failed logins", async () => {
    const person = await newPerson();
    const client = newClient();
    const guess = (account: string) => correct(person, newEmail(), { account, password: "a guess", client });
    for (let guesses = 0; guesses < LOGIN_LIMITS.failuresBeforeWait; guesses++)
      expect(await guess(person.email)).toEqual(REFUSED);
    expect(await guess(person.email)).toMatchObject({ reason: "throttled" });
    expect(await logIn(person.email, PASSWORD, client)).toMatchObject({ reason: "throttled" });
  });

  itOnce.each([true, false])(
    "shows by no wait which address belongs to a name, and shuts no login (%s)",
    async (isVerified) => {
      const person = await newPerson({ isVerified });
      const client = newClient();
      for (let guesses = 0; guesses < LOGIN_LIMITS.failuresBeforeWait; guesses++)
        await correct(person, newEmail(), { password: "a guess", client });
      expect(await correct(person, newEmail(), { client })).toMatchObject({ reason: "throttled" });
      expect(await logIn(person.email, "a guess", client)).toEqual(REFUSED);
    },
  );

  itOnce(
    "compares no password of a confirmed account: the right one leaves its failures counted",
    async () => {
      const person = await newPerson({ isVerified: true });
      const client = newClient();
      for (let guesses = 0; guesses < LOGIN_LIMITS.failuresBeforeWait; guesses++)
        expect(await correct(person, newEmail(), { account: person.email, client })).toEqual(REFUSED);
      expect(await logIn(person.email, PASSWORD, client)).toMatchObject({ reason: "throttled" });
    },
  );

  itOnce("tells the former address when the account has been in use, and no other", async () => {
    const [used, unused] = [await newPerson(), await newPerson()];
    await db.user.update({ where: { id: used.id }, data: { firstLoginAt: new Date() } });
    for (const person of [used, unused]) expect(await correct(person, newEmail())).toEqual({ ok: true });
    const { text } = await emailTo(used.email, "email-changed", mailbox);
    expect(text).toContain("never confirmed");
    expect(mailbox.to(unused.email, "email-changed")).toEqual([]);
  });

  itOnce(
    "tells it of the loss, whatever failed or was sent there before, and nothing of a stranger's",
    async () => {
      const [person, neighbour] = [await newPerson(), await newPerson()];
      await db.user.update({ where: { id: person.id }, data: { firstLoginAt: new Date() } });
      expect(await correct(person, neighbour.email)).toEqual(TAKEN);
      for (let emails = 0; emails < EMAIL_LIMITS.perAddress; emails++)
        await countRegistrationEmail(person.email.toLowerCase());
      expect(await correct(person, newEmail())).toEqual({ ok: true });
      const { text } = await emailTo(person.email, "email-changed", mailbox);
      expect(text).not.toMatch(/10\.0\.\d|Your account/);
      expect(text).not.toContain(person.username);
    },
  );

  it("names an address as taken that another account has, or can still take back", async () => {
    const [person, neighbour] = [await newPerson(), await newPerson()];
    expect(await correct(person, neighbour.email.toUpperCase())).toEqual(TAKEN);
    const held = newEmail();
    await db.linkToken.create({
      data: {
        purpose: "restore-email",
        tokenHash: hashToken(newToken()),
        userId: neighbour.id,
        email: held.toLowerCase(),
        expiresAt: new Date(Date.now() + HOUR_MS),
      },
    });
    expect(await correct(person, held)).toEqual(TAKEN);
    expect(await correct(person, person.email)).toEqual({ ok: false, reason: "unchanged" });
    expect(await emailOf(person)).toBe(person.email);
    expect(mailbox.to(neighbour.email, "verify-email")).toEqual([]);
  });

  it("gives an address to one of two who ask for it at once", async () => {
    const people = [await newPerson(), await newPerson()];
    const email = newEmail();
    const outcomes = await Promise.all(people.map((person) => correct(person, email)));
    expect(outcomes).toEqual(expect.arrayContaining([{ ok: true }, TAKEN]));
  });

  itOnce("sends five emails a day for one account, however many addresses and networks", async () => {
    const person = await newPerson();
    for (let count = 0; count < CORRECTION_LIMITS.perAccount; count++)
      expect(await correct(person, newEmail())).toEqual({ ok: true });
    const last = newEmail();
    expect(await correct(person, last)).toMatchObject({ reason: "throttled" });
    expect(await db.user.count({ where: { emailCanonical: last.toLowerCase() } })).toBe(0);
  });

  itOnce("frees an address to register, five emails an hour: no one is sent emails without end", async () => {
    const victim = newEmail();
    const registerAgain = () =>
      register(
        { username: newUsername(), email: victim, password: PASSWORD, confirmation: PASSWORD },
        newClient(),
      );
    for (let count = 0; count < EMAIL_LIMITS.perAddress; count++) {
      expect(await registerAgain()).toEqual({ ok: true });
      expect(await registerAgain(), "sends none, and counts none").toMatchObject(TAKEN);
      const { id, username } = await db.user.findUniqueOrThrow({
        where: { emailCanonical: victim.toLowerCase() },
      });
      await db.user.update({
        where: { id },
        data: { passwordHash: hashSync(PASSWORD, 4) },
        select: { id: true },
      });
      const typed = { account: username, password: PASSWORD, email: newEmail() };
      expect(await correctEmail(typed, newClient())).toEqual({ ok: true });
    }
    expect(await registerAgain()).toMatchObject({ reason: "throttled" });
    expect(mailbox.to(victim, "verify-email").length).toBeLessThanOrEqual(EMAIL_LIMITS.perAddress);
  });

  itOnce("lets no other account keep an address from it, by correction or by a change", async () => {
    const [stranger, mover, person] = [await newPerson(), await newPerson(), await newPerson()];
    const email = newEmail();
    for (let tries = 0; tries < MOVE_LIMITS.perAccountAndAddress; tries++) {
      expect(await correct(stranger, email)).toEqual({ ok: true });
      expect(await correct(stranger, newEmail())).toEqual({ ok: true });
      await requestEmailChange(mover, { email, password: PASSWORD }, newClient());
    }
    expect(await correct(stranger, email)).toMatchObject({ reason: "throttled" });
    expect(await correct(person, email)).toEqual({ ok: true });
  });

  itOnce("is not shut by strangers to a browser that the account knows, by its username either", async () => {
    const person = await newPerson();
    const browserToken = newToken();
    await db.knownBrowser.create({ data: { tokenHash: hashToken(browserToken), userId: person.id } });
    const username = newUsername();
    const data = { username, usernameCanonical: username.toLowerCase() };
    await db.user.update({ where: { id: person.id }, data, select: { id: true } });
    const client = newClient();
    const guess = { account: username, password: "a guess", email: newEmail() };
    for (let count = 0; count < LOGIN_LIMITS.failuresBeforeWait; count++) await correctEmail(guess, client);
    const typed = { ...guess, password: PASSWORD };
    expect(await correctEmail(typed, client)).toMatchObject({ reason: "throttled" });
    expect(await correctEmail(typed, { ...client, browserToken })).toEqual({ ok: true });
  });

  itOnce(
    "gives a free address to whoever registers or corrects, though strangers have asked for its emails",
    async () => {
      const [registered, corrected] = [newEmail(), newEmail()];
      for (const email of [registered, corrected])
        for (let count = 0; count <= EMAIL_LIMITS.perAddress; count++)
          await requestPasswordReset({ email }, newClient());
      const input = {
        username: newUsername(),
        email: registered,
        password: PASSWORD,
        confirmation: PASSWORD,
      };
      expect(await register(input, newClient())).toEqual({ ok: true });
      expect(await correct(await newPerson(), corrected)).toEqual({ ok: true });
    },
  );

  itOnce("counts as an email to its address and as a registration of its network", async () => {
    const email = newEmail();
    for (let count = 0; count < EMAIL_LIMITS.perAddress; count++) {
      const person = await newPerson();
      expect(await correct(person, email)).toEqual({ ok: true });
      await correct(person, newEmail());
    }
    expect(await correct(await newPerson(), email)).toMatchObject({ reason: "throttled" });

    const client = newClient();
    for (let count = 0; count < REGISTRATION_LIMITS.perHour; count++)
      expect(await correct(await newPerson(), newEmail(), { client })).toEqual({ ok: true });
    expect(await correct(await newPerson(), newEmail(), { client })).toMatchObject({ reason: "throttled" });
  });

  itOnce("says that an account is locked, to a person who knows its password alone", async () => {
    const person = await newPerson();
    await lockAsOperator(person.email, newClient());
    expect(await correct(person, newEmail(), { password: "a guess" })).toEqual(REFUSED);
    const locked = { ok: false, reason: "locked", by: "operator" };
    expect(await correct(person, newEmail())).toEqual(locked);
    expect(await emailOf(person)).toBe(person.email);
  });
});
