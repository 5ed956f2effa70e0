import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { db } from "../platform/db";
import { USERNAME_RESERVED_MS } from "../security/former-usernames";
import { USERNAME_GUESS_LIMITS, USERNAME_LIMITS } from "../shared/limits";
import { DAY_MS, SECOND_MS } from "../shared/units";
import { describeOnce, itOnce } from "../testing/it-once";
import {
  emailTo,
  eventsOf,
  newClient,
  newEmail,
  newPerson,
  type Person,
  sessionOf,
  tokenIn,
} from "../testing/people";
import { changeUsername, listKeptUsernames } from "./change-username";
import { purge } from "./clean-up";
import { lockAccount } from "./lock-account";
import { register } from "./register";

/** A name that nobody has, with a capital letter to be kept. */
const newName = () => `A${randomUUID().replaceAll("-", "").slice(0, 12)}`;

const change = async (person: Pick<Person, "id">, username: string) =>
  changeUsername(await sessionOf(person), { username }, newClient());

const registerAs = (username: string) => {
  const password = "ten quiet harbours";
  return register({ username, email: newEmail(), password, confirmation: password }, newClient());
};

const nameOf = async ({ id }: Pick<Person, "id">) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { username: true } })).username;

/** Someone whose name is one that the form would take. */
async function newMember(options?: { isVerified?: boolean }) {
  const person = await newPerson(options);
  const username = newName();
  const data = { username, usernameCanonical: username.toLowerCase() };
  await db.user.update({ where: { id: person.id }, data, select: { id: true } });
  return { ...person, username };
}

/** Moves what an account has given up back in time. */
async function age({ id: userId }: Pick<Person, "id">, ms: number): Promise<void> {
  for (const { id, leftAt } of await db.formerUsername.findMany({ where: { userId } })) {
    const data = { leftAt: new Date(leftAt.getTime() - ms) };
    await db.formerUsername.update({ where: { id }, data, select: { id: true } });
  }
}

const TAKEN = { ok: false, reason: "taken" };
const taken = { ok: false, reason: "taken", fields: ["username"] };

describe("changeUsername", () => {
  it("gives the account another name, and keeps the former one for it", async () => {
    const [person, other] = [await newMember(), await newMember()];
    const username = newName();
    expect(await change(person, username)).toEqual({ ok: true });
    expect(await nameOf(person)).toBe(username);
    expect(await eventsOf(person)).toEqual(["username-changed"]);
    for (const spelling of [person.username, person.username.toLowerCase()]) {
      expect(await change(other, spelling)).toEqual(TAKEN);
      expect(await registerAs(spelling)).toEqual(taken);
    }
    expect(await eventsOf(other)).toEqual([]);
    expect(await listKeptUsernames({ ...person, username })).toMatchObject([{ username: person.username }]);

    expect(await change(person, person.username)).toEqual({ ok: true });
    expect(await nameOf(person)).toBe(person.username);
    expect(await registerAs(username), "what was given up for it is kept too").toEqual(taken);
    expect(await listKeptUsernames(person)).toMatchObject([{ username }]);
  });

  itOnce("lets go of a name after 30 days to the second, cleaned up or not", async () => {
    const [person, other] = [await newMember(), await newMember()];
    await change(person, newName());
    await age(person, USERNAME_RESERVED_MS - 20 * SECOND_MS);
    await purge();
    expect(await change(other, person.username)).toEqual(TAKEN);
    await age(person, 20 * SECOND_MS);
    expect(await change(other, person.username)).toEqual({ ok: true });
    expect(await change(person, person.username), "it is another's now").toEqual(TAKEN);
    await purge();
    expect(await db.formerUsername.count({ where: { userId: person.id } })).toBe(0);
    expect(await db.formerUsername.count({ where: { userId: other.id } })).toBe(1);
  });

  it("refuses the name of another account, however it is spelt, and the one it has", async () => {
    const [person, other] = [await newMember(), await newMember()];
    for (const username of [other.username, other.username.toUpperCase()])
      expect(await change(person, username)).toEqual(TAKEN);
    expect(await change(person, person.username)).toEqual({ ok: false, reason: "unchanged" });
    expect(await change(person, person.username.toUpperCase()), "another spelling").toEqual({ ok: true });
    expect(await eventsOf(person)).toEqual(["username-changed"]);
  });

  it("admits two changes in 30 days, however many are asked for at once", async () => {
    const person = await newMember();
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => change(person, newName())));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(USERNAME_LIMITS.newNames);
    const refused = outcomes.find(({ ok }) => !ok);
    expect(refused).toMatchObject({ reason: "throttled", of: "usernames" });
    expect(refused).toHaveProperty("retryAfterSeconds", 30 * 24 * 60 * 60);
    await age(person, 29 * DAY_MS);
    expect(await change(person, newName())).toMatchObject({ reason: "throttled" });
    await age(person, DAY_MS);
    expect(await change(person, newName())).toEqual({ ok: true });
  });

  itOnce(
    "counts names that are new to the account alone: its own are taken back whatever a thief has done",
    async () => {
      const person = await newMember();
      const [x, y] = [newName(), newName()];
      for (const username of [x, y, x, y, x, y, person.username, x, y, x])
        expect(await change(person, username)).toEqual({ ok: true });
      expect(await change(person, newName())).toMatchObject({ reason: "throttled", of: "usernames" });
      expect(await change(person, person.username), "promised for 30 days").toEqual({ ok: true });
      expect(await change(person, newName())).toMatchObject({ reason: "throttled" });
      expect(await db.formerUsername.count({ where: { userId: person.id } }), "one row a name").toBe(3);
    },
  );

  itOnce(
    "tells ten times an hour that a name is taken, and refuses no name that the account can take back",
    async () => {
      const [person, other] = [await newMember(), await newMember()];
      await change(person, newName());
      for (let guess = 0; guess < USERNAME_GUESS_LIMITS.perAccount; guess++)
        expect(await change(person, other.username)).toEqual(TAKEN);
      for (const username of [other.username, newName()])
        expect(await change(person, username)).toMatchObject({ reason: "throttled", of: "attempts" });
      expect(await change(person, person.username), "promised for 30 days").toEqual({ ok: true });
      expect(await change(await newMember(), other.username), "another account asks").toEqual(TAKEN);
    },
  );

  it("changes nothing for a session that has been ended meanwhile", async () => {
    const person = await newMember();
    const session = await sessionOf(person);
    await db.session.delete({ where: { id: session.id } });
    const outcome = await changeUsername(session, { username: newName() }, newClient());
    expect(outcome).toEqual({ ok: false, reason: "session-over" });
    expect(await nameOf(person)).toBe(person.username);
  });

  it("has one winner of many accounts that want one name at once, and of a registration", async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => newMember()));
    const username = newName();
    const outcomes = await Promise.all([
      ...people.map((person) => change(person, username)),
      registerAs(username),
    ]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    for (const outcome of outcomes) if (!outcome.ok) expect(outcome).toMatchObject({ reason: "taken" });
    expect(await db.user.count({ where: { usernameCanonical: username.toLowerCase() } })).toBe(1);
  });

  it("gives a name that is being given up to nobody", async () => {
    const [person, ...others] = await Promise.all(Array.from({ length: 5 }, () => newMember()));
    if (!person) return expect.fail("nobody");
    const [own, ...rest] = await Promise.all([
      change(person, newName()),
      ...others.map((other) => change(other, person.username)),
      registerAs(person.username),
    ]);
    expect(own).toEqual({ ok: true });
    for (const outcome of rest) expect(outcome).toMatchObject({ reason: "taken" });
  });

  it("lets two accounts that want each other's names keep their own", async () => {
    const [one, two] = [await newMember(), await newMember()];
    expect(await Promise.all([change(one, two.username), change(two, one.username)])).toEqual([TAKEN, TAKEN]);
  });

  it("lets names go with their account", async () => {
    const [person, other] = [await newMember(), await newMember()];
    await change(person, newName());
    await db.user.delete({ where: { id: person.id } });
    expect(await change(other, person.username)).toEqual({ ok: true });
  });

  describeOnce("tells the owner", () => {
    beforeEach(() => db.outboxEmail.deleteMany());
    afterEach(() => db.outboxEmail.deleteMany());

    it("in an email that names no name and locks the account", async () => {
      const person = await newMember();
      await change(person, "an.evil.example");
      const mail = await emailTo(person.email, "username-changed", mailbox);
      expect(mail.text).toContain("The username of your account at Latchkey was changed on ");
      expect(mail.text + mail.html).not.toContain("evil");
      expect(await lockAccount(tokenIn(mail), newClient())).toMatchObject({ ok: true });
    });

    it("of no address that may be a stranger's", async () => {
      const person = await newMember({ isVerified: false });
      expect(await change(person, newName())).toEqual({ ok: true });
      expect(await db.outboxEmail.count()).toBe(0);
    });
  });
});
