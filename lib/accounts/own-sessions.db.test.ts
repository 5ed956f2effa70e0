import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { deliverDue } from "../mail/delivery";
import { db } from "../platform/db";
import { findKnownBrowser } from "../security/known-browsers";
import { makeLinkToken } from "../security/link-tokens";
import { findSession, IDLE_MS, type LiveSession } from "../security/sessions";
import { HOUR_MS, MINUTE_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import {
  emailTo,
  enter,
  eventsOf,
  newClient,
  newEmail,
  newPerson,
  type Person,
  tokenIn,
} from "../testing/people";
import { giveApp } from "../testing/second-factors";
import { lockAccount } from "./lock-account";
import { lock } from "./locks";
import { endOtherSessions, endSession, forgetOwnBrowser, listBrowsers, listSessions } from "./own-sessions";
import { setEmail } from "./set-email";

interface Opened {
  session: LiveSession;
  token: string;
  browserToken: string;
}

/** Logs in from a browser of its own. */
async function open(person: Person, client = newClient()): Promise<Opened> {
  const outcome = await enter(person, client);
  if (!outcome.ok) return expect.fail("not logged in");
  const { token } = outcome.session;
  const session = await findSession(token);
  if (!session) return expect.fail("no session");
  return { session, token, browserToken: outcome.browserToken };
}

const isOpen = async ({ token }: Opened) => (await findSession(token)) !== null;

const knows = async (person: Person, { browserToken }: Opened) =>
  (await findKnownBrowser(person.emailCanonical, browserToken)) !== null;

afterEach(() => db.outboxEmail.deleteMany());

describe("listSessions", () => {
  it("lists every live session of one person, the one that asks first, and says where each is", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const client = { ...newClient(), userAgent: "Chrome/140.0 Windows" };
    const [first, second, third] = [await open(person, client), await open(person), await open(person)];
    await open(other);
    const listed = await listSessions(second.session);
    expect(listed.map(({ id }) => id)).toEqual([second.session.id, third.session.id, first.session.id]);
    expect(listed.map(({ isThis }) => isThis)).toEqual([true, false, false]);
    expect(listed[2]).toMatchObject({ ip: client.ip, userAgent: client.userAgent, isRemembered: false });
    expect(JSON.stringify(listed)).not.toMatch(/token/i);
  });

  itOnce("leaves out what is over but not removed yet", async () => {
    const person = await newPerson();
    const [asking, idle] = [await open(person), await open(person)];
    await db.session.update({
      where: { id: idle.session.id },
      data: { lastSeenAt: new Date(Date.now() - IDLE_MS.browser) },
    });
    expect((await listSessions(asking.session)).map(({ id }) => id)).toEqual([asking.session.id]);
  });
});

describe("endSession", () => {
  it("ends exactly the one, and records it", async () => {
    const person = await newPerson();
    const [asking, lost, third] = [await open(person), await open(person), await open(person)];
    expect(await endSession(asking.session, lost.session.id, newClient())).toBe(true);
    expect(await Promise.all([asking, lost, third].map(isOpen))).toEqual([true, false, true]);
    expect(await endSession(asking.session, lost.session.id, newClient()), "twice").toBe(false);
    expect((await eventsOf(person)).filter((event) => event === "session-ended")).toHaveLength(1);
  });

  itOnce(
    "answers the same for another person's, for a made-up one and for nonsense, and ends nothing",
    async () => {
      const [person, other] = [await newPerson(), await newPerson()];
      const [asking, theirs] = [await open(person), await open(other)];
      for (const id of [theirs.session.id, randomUUID(), "", "' OR 1=1", asking.session.user.id])
        expect(await endSession(asking.session, id, newClient()), id).toBe(false);
      expect(await Promise.all([asking, theirs].map(isOpen))).toEqual([true, true]);
      expect([...(await eventsOf(person)), ...(await eventsOf(other))]).toEqual(["login", "login"]);
    },
  );

  itOnce("does nothing for a session that is over by then", async () => {
    const person = await newPerson();
    const [thief, owner, third] = [await open(person), await open(person), await open(person)];
    expect(await endSession(owner.session, thief.session.id, newClient())).toBe(true);
    expect(await endSession(thief.session, owner.session.id, newClient())).toBe(false);
    expect(await endOtherSessions(thief.session, newClient())).toBe(false);
    expect(await Promise.all([owner, third].map(isOpen))).toEqual([true, true]);
  });
});

describe("endOtherSessions", () => {
  it("ends all but the one that asks, and nobody else's", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const [asking, second, third, theirs] = [
      await open(person),
      await open(person),
      await open(person),
      await open(other),
    ];
    expect(await endOtherSessions(asking.session, newClient())).toBe(true);
    expect(await Promise.all([asking, second, third, theirs].map(isOpen))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(await endOtherSessions(asking.session, newClient()), "none is left").toBe(false);
    expect((await eventsOf(person)).filter((event) => event === "other-sessions-ended")).toHaveLength(1);
  });

  it("leaves one of several that end each other at one moment", async () => {
    const person = await newPerson();
    const opened: Opened[] = [];
    for (let login = 0; login < 4; login++) opened.push(await open(person));
    const won = await Promise.all(opened.map(({ session }) => endOtherSessions(session, newClient())));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await Promise.all(opened.map(isOpen))).toEqual(won);
  });
});

describe("forgetOwnBrowser", () => {
  it("lists the known browsers of one person, the one that asks first, and forgets exactly the one", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const [asking, lost, third] = [await open(person), await open(person), await open(person)];
    await open(other);
    const list = () => listBrowsers(asking.session, newClient(asking.browserToken));
    const listed = await list();
    expect(listed.map(({ isThis }) => isThis)).toEqual([true, false, false]);
    expect(JSON.stringify(listed)).not.toMatch(/token/i);
    const id = await findKnownBrowser(person.emailCanonical, lost.browserToken);
    expect(await forgetOwnBrowser(asking.session, id ?? "", newClient())).toBe(true);
    expect(await Promise.all([asking, lost, third].map((opened) => knows(person, opened)))).toEqual([
      true,
      false,
      true,
    ]);
    expect(await isOpen(lost), "its session goes on").toBe(true);
    expect((await list()).map((browser) => browser.id)).not.toContain(id);
    expect((await eventsOf(person)).filter((event) => event === "browser-forgotten")).toHaveLength(1);
  });

  itOnce(
    "answers the same for another person's browser and for a made-up one, and forgets nothing",
    async () => {
      const [person, other] = [await newPerson(), await newPerson()];
      const [asking, theirs] = [await open(person), await open(other)];
      const id = (await findKnownBrowser(other.emailCanonical, theirs.browserToken)) ?? "";
      for (const wrong of [id, randomUUID(), "", asking.session.id])
        expect(await forgetOwnBrowser(asking.session, wrong, newClient()), wrong).toBe(false);
      expect(await knows(other, theirs)).toBe(true);
      expect(await knows(person, asking)).toBe(true);
    },
  );

  itOnce("makes the next login of that browser news", async () => {
    const person = await newPerson();
    const asking = await open(person);
    const id = (await findKnownBrowser(person.emailCanonical, asking.browserToken)) ?? "";
    await open(person, newClient(asking.browserToken));
    expect(await db.outboxEmail.count(), "known").toBe(0);
    expect(await forgetOwnBrowser(asking.session, id, newClient())).toBe(true);
    const client = { ...newClient(asking.browserToken), userAgent: "Chrome/140.0 Windows" };
    await open(person, client);
    const { text } = await emailTo(person.email, "new-login", mailbox);
    expect(text).toContain(`with Chrome on Windows at ${client.ip}.`);
  });

  itOnce(
    "lets one alert wait at most, for an hour at most, and takes no login out of it, however often it is done",
    async () => {
      const person = await newPerson();
      await open(person);
      const clients = Array.from({ length: 5 }, () => newClient());
      for (const client of clients) {
        const thief = await open(person, client);
        const id = (await findKnownBrowser(person.emailCanonical, thief.browserToken)) ?? "";
        expect(await forgetOwnBrowser(thief.session, id, client)).toBe(true);
      }
      await emailTo(person.email, "new-login", mailbox);
      expect(await db.outboxEmail.count()).toBe(1);
      const { loginAlertAt } = await db.user.findUniqueOrThrow({ where: { id: person.id } });
      expect(loginAlertAt?.getTime()).toBeLessThanOrEqual(Date.now() + HOUR_MS);

      await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
      const { text } = await emailTo(person.email, "later-logins", mailbox);
      const told = [...text.matchAll(/^- on .+ at (10\.0\.\d+\.\d+)$/gm)].map(([, ip]) => ip);
      expect(told).toEqual(clients.slice(1).map(({ ip }) => ip));
    },
  );

  itOnce(
    "leaves nothing waiting behind a lock, and has it told at a new address, also a digest that a mail server has put off",
    async () => {
      const client = newClient();
      const owner = async () => {
        const person = await newPerson();
        for (let login = 0; login < 3; login++) await open(person);
        await emailTo(person.email, "new-login", mailbox);
        const thief = await open(person, client);
        const id = (await findKnownBrowser(person.emailCanonical, thief.browserToken)) ?? "";
        expect(await forgetOwnBrowser(thief.session, id, newClient())).toBe(true);
        await db.outboxEmail.updateMany({ data: { attempts: 1 } });
        return person;
      };
      const locked = await owner();
      await db.$transaction((tx) => lock(locked.id, "owner", tx));
      expect(await db.outboxEmail.count()).toBe(0);

      const moved = await owner();
      const email = newEmail();
      await db.$transaction((tx) => setEmail(moved.id, email, new Date(), tx));
      await open(moved);
      await emailTo(email, "new-login", mailbox);
      await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
      const told = await emailTo(email, "later-logins", mailbox);
      expect(told.text).toContain(client.ip);
      expect(mailbox.to(moved.email, "later-logins")).toHaveLength(0);
      expect(await lockAccount(tokenIn(told), newClient())).toMatchObject({ ok: true });
    },
  );

  /** Has an email about later logins leave for somebody's address while the account gets another one, and says which. */
  async function moveWhileLeaving(person: Person): Promise<string> {
    for (let login = 0; login < 3; login++) await open(person);
    await emailTo(person.email, "new-login", mailbox);
    const hourAgo = new Date(Date.now() - HOUR_MS);
    await db.outboxEmail.updateMany({ data: { createdAt: hourAgo, dueAt: new Date() } });
    await db.linkToken.updateMany({ where: { userId: person.id }, data: { createdAt: hourAgo } });
    await giveApp(person, new Date(Date.now() - 5 * MINUTE_MS));
    const before = mailbox.connections;
    mailbox.hold();
    const leaving = deliverDue();
    await expect.poll(() => mailbox.connections).toBe(before + 1);
    const { id: userId, emailCanonical, email: address } = person;
    const email = newEmail();
    await db.$transaction(async (tx) => {
      await setEmail(userId, email, new Date(), tx);
      await makeLinkToken("restore-email", { userId, emailCanonical, address }, tx);
    });
    mailbox.release();
    await leaving;
    await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
    return email;
  }

  it("takes the address back by the copy of such an email that the former mailbox has got all the same", async () => {
    const person = await newPerson();
    await moveWhileLeaving(person);
    const copy = await emailTo(person.email, "later-logins", mailbox);
    const outcome = await lockAccount(tokenIn(copy), newClient());
    expect(outcome).toEqual({ ok: true, isAddressBack: true });
    await emailTo(person.email, "reset-password", mailbox);
  });

  itOnce("ends by the new mailbox's copy no factor that was set up before the address changed", async () => {
    const person = await newPerson();
    const email = await moveWhileLeaving(person);
    const copy = await emailTo(email, "later-logins", mailbox);
    const outcome = await lockAccount(tokenIn(copy), newClient());
    expect(outcome).toEqual({ ok: true, isAddressBack: false });
    expect(await db.authenticator.count({ where: { userId: person.id } })).toBe(1);
  });

  itOnce(
    "leaves such an email that another secret has sealed to the address that it was written to",
    async () => {
      const person = await newPerson();
      for (let login = 0; login < 3; login++) await open(person);
      await emailTo(person.email, "new-login", mailbox);
      await db.outboxEmail.updateMany({ data: { sealed: "A".repeat(100) } });
      const before = await db.outboxEmail.findMany();
      await db.$transaction((tx) => setEmail(person.id, newEmail(), new Date(), tx));
      expect(before).toHaveLength(1);
      expect(await db.outboxEmail.findMany()).toEqual(before);
    },
  );
});
