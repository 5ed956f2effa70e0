import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../../testing/mailbox")).startMailbox());

import { deliverDue } from "../../mail/delivery";
import { db } from "../../platform/db";
import { AUDIT_RETENTION_MS, purgeAuditEvents } from "../../security/audit";
import { findKnownBrowser, rememberBrowser } from "../../security/known-browsers";
import { countLoginAlert } from "../../security/rate-limits/visitor-limits";
import { findSession, openSession } from "../../security/sessions";
import { KNOWN_BROWSER_DAYS, LOGIN_ALERT_LIMITS } from "../../shared/limits";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/units";
import { runsOn } from "../../testing/database";
import { itOnce } from "../../testing/it-once";
import {
  emailTo,
  enter,
  eventsOf,
  logIn,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
  proven,
  tokenIn,
} from "../../testing/people";
import { lockAccount } from "../lock-account";
import { endLock, lock } from "../locks";
import { register } from "../register";
import { setEmail } from "../set-email";
import { admit } from "./admit";
import { provePassword } from "./prove-password";

const OPTIONS = { isRemembered: false, previousSessionToken: null };

/** Logs in; answers the value of the known-browser cookie. */
async function browserOf(person: Person, browserToken: string | null = null): Promise<string> {
  const outcome = await enter(person, newClient(browserToken));
  return outcome.ok ? outcome.browserToken : expect.fail("not logged in");
}

const alertsTo = async (email: string) => {
  await deliverDue();
  await expect.poll(() => db.outboxEmail.count({ where: { dueAt: { lte: new Date() } } })).toBe(0);
  return mailbox.to(email, "new-login").length;
};

const sessionsOf = ({ id }: Person) => db.session.count({ where: { userId: id } });

afterEach(async () => {
  await db.rateLimit.deleteMany();
  await db.outboxEmail.deleteMany();
});

describe("admit", () => {
  it("opens a session, makes the browser known, and records the login", async () => {
    const person = await newPerson();
    const proof = await provePassword(person.emailCanonical, PASSWORD, newClient());
    if (!proof.ok) return expect.fail("not proven");
    const outcome = await admit(proof.user, "password", newClient(), OPTIONS);
    if (!outcome.ok) return expect.fail("not admitted");
    expect(await findSession(outcome.session.token)).toMatchObject({ user: { id: person.id } });
    expect(await findKnownBrowser(person.emailCanonical, outcome.browserToken)).not.toBeNull();
    expect(await eventsOf(person)).toEqual(["login"]);
  });

  it("refuses a proof when the password has changed since", async () => {
    const person = await newPerson();
    const user = await proven(person);
    await db.user.update({ where: { id: person.id }, data: { passwordHash: "another" } });
    const outcome = await admit(user, "password", newClient(), OPTIONS);
    expect(outcome).toEqual({ ok: false, reason: "refused" });
    expect(await sessionsOf(person)).toBe(0);
    expect(await eventsOf(person)).toEqual([]);
  });

  it("tells of the login at the address that the account has got since the proof", async () => {
    const person = await newPerson();
    await db.auditEvent.deleteMany({ where: { userId: person.id } });
    const user = await proven(person);
    const email = newEmail();
    await db.$transaction((tx) => setEmail(person.id, email, new Date(), tx));
    expect(await admit(user, "password", newClient(), OPTIONS)).toMatchObject({ ok: true });
    const told = await emailTo(email, "new-login", mailbox);
    expect(mailbox.to(person.email, "new-login")).toHaveLength(0);
    expect(await lockAccount(tokenIn(told), newClient())).toMatchObject({ ok: true });
  });

  it("refuses a proof when the account was deleted since", async () => {
    const person = await newPerson();
    const user = await proven(person);
    await db.user.delete({ where: { id: person.id } });
    expect(await admit(user, "password", newClient(), OPTIONS)).toEqual({ ok: false, reason: "refused" });
  });

  it.each(["owner", "operator"] as const)("refuses when the %s has locked the account since", async (by) => {
    const person = await newPerson();
    const user = await proven(person);
    await db.$transaction((tx) => lock(person.id, by, tx));
    const outcome = await admit(user, "password", newClient(), OPTIONS);
    expect(outcome).toEqual({ ok: false, reason: "locked", by });
    expect(await sessionsOf(person)).toBe(0);
    expect(await db.knownBrowser.count({ where: { userId: person.id } })).toBe(0);
    expect(await eventsOf(person)).toEqual(["login-locked"]);
  });

  it("leaves no session behind a lock that comes at the same moment", async () => {
    const person = await newPerson();
    const user = await proven(person);
    const racing = Array.from({ length: 20 }, () => admit(user, "password", newClient(), OPTIONS));
    await Promise.all([...racing, db.$transaction((tx) => lock(person.id, "owner", tx))]);
    expect(await sessionsOf(person)).toBe(0);
    expect(await db.knownBrowser.count({ where: { userId: person.id } })).toBe(0);
  });

  itOnce("ends the session this browser held before, and keeps it when it refuses", async () => {
    const person = await newPerson();
    const user = await proven(person);
    const previous = await openSession(person.id, false, newClient());
    const options = { isRemembered: true, previousSessionToken: previous.token };
    const stale = { ...user, passwordHash: "another" };
    expect(await admit(stale, "password", newClient(), options)).toMatchObject({ reason: "refused" });
    expect(await findSession(previous.token)).not.toBeNull();
    const outcome = await admit(user, "password", newClient(), options);
    expect(outcome).toMatchObject({ ok: true, session: { isRemembered: true } });
    expect(await findSession(previous.token)).toBeNull();
    expect(await sessionsOf(person)).toBe(1);
  });

  it.runIf(runsOn() === "postgres")(
    "takes rows in the order of a lock: in 25 races with one, none fails",
    async () => {
      const [ada, bob] = [await newPerson(), await newPerson()];
      const user = await proven(bob);
      for (let race = 0; race < 25; race++) {
        // Bob logs in where Ada is logged in, so his login ends her session and renames her browser.
        const { token: previousSessionToken } = await openSession(ada.id, false, newClient());
        const { token } = await db.$transaction((tx) => rememberBrowser(ada.id, newClient(), tx));
        await Promise.all([
          admit(user, "password", newClient(token), { isRemembered: false, previousSessionToken }),
          db.$transaction((tx) => lock(ada.id, "owner", tx)),
        ]);
        expect(await sessionsOf(ada)).toBe(0);
        expect(await db.knownBrowser.count({ where: { userId: ada.id } })).toBe(0);
      }
    },
  );

  it("sends a security alert about a login from a new browser, and says when and where", async () => {
    const person = await newPerson();
    await browserOf(person);
    await browserOf(person);
    const { text } = await emailTo(person.email, "new-login", mailbox);
    expect(text).toMatch(
      /logged in to your account at Latchkey, on .+ UTC, with Firefox on Linux at 10\.0\.\d+\.\d+\./,
    );
  });

  itOnce(
    "sends one however long ago the account's last login was, when its history has forgotten it",
    async () => {
      const person = await newPerson();
      await browserOf(person);
      await purgeAuditEvents(Date.now() + AUDIT_RETENTION_MS + 1000);
      expect(await eventsOf(person)).toEqual([]);
      await browserOf(person);
      expect(await alertsTo(person.email)).toBe(1);
    },
  );

  it("sends one an hour, and at its end one that tells of all between, however many came at once", async () => {
    const person = await newPerson();
    const user = await proven(person);
    await Promise.all(Array.from({ length: 6 }, () => admit(user, "password", newClient(), OPTIONS)));
    expect(await alertsTo(person.email)).toBe(1);
    const waiting = await db.outboxEmail.findMany({ select: { dueAt: true, isAwaited: true } });
    expect(waiting).toEqual([{ dueAt: expect.any(Date), isAwaited: false }]);
    const inMs = (waiting[0]?.dueAt.getTime() ?? 0) - Date.now();
    expect(inMs).toBeGreaterThan(HOUR_MS - MINUTE_MS);
    expect(inMs).toBeLessThanOrEqual(HOUR_MS);

    await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
    const { text } = await emailTo(person.email, "later-logins", mailbox);
    const told = [...text.matchAll(/^- on .+ UTC, with Firefox on Linux at 10\.0\.\d+\.\d+$/gm)];
    expect(told, "all but the first login ever and the one told of at once").toHaveLength(4);
    expect(await alertsTo(person.email)).toBe(1);
  });

  itOnce("sends one at once again when an hour has passed without any", async () => {
    const person = await newPerson();
    await browserOf(person);
    await browserOf(person);
    expect(await alertsTo(person.email)).toBe(1);
    await db.user.update({
      where: { id: person.id },
      data: { loginAlertAt: new Date(Date.now() - HOUR_MS) },
    });
    await browserOf(person);
    expect(await alertsTo(person.email)).toBe(2);
  });

  itOnce("sends one at once again also when the last one was one that had waited", async () => {
    const person = await newPerson();
    for (let login = 0; login < 3; login++) await browserOf(person);
    await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
    await emailTo(person.email, "later-logins", mailbox);
    const left = new Date(Date.now() - HOUR_MS);
    await db.user.update({ where: { id: person.id }, data: { loginAlertAt: left } });
    await browserOf(person);
    expect(await alertsTo(person.email)).toBe(2);
    expect(await db.outboxEmail.count()).toBe(0);
  });

  itOnce("tells of a login from a browser that was known too long ago, as of any new one", async () => {
    const person = await newPerson();
    const client = newClient(await browserOf(person));
    await browserOf(person); // told at once
    const longAgo = new Date(Date.now() - (KNOWN_BROWSER_DAYS + 1) * DAY_MS);
    await db.knownBrowser.updateMany({
      where: { userId: person.id },
      data: { createdAt: longAgo, lastLoginAt: longAgo },
    });
    await enter(person, client);
    await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
    const { text } = await emailTo(person.email, "later-logins", mailbox);
    expect(text).toContain(`with Firefox on Linux at ${client.ip}\n`);
  });

  itOnce("waits an hour at most, whatever another machine's clock has written", async () => {
    const person = await newPerson();
    await browserOf(person);
    const ahead = new Date(Date.now() + 5 * HOUR_MS);
    await db.user.update({ where: { id: person.id }, data: { loginAlertAt: ahead } });
    await browserOf(person);
    const { loginAlertAt } = await db.user.findUniqueOrThrow({ where: { id: person.id } });
    expect(loginAlertAt?.getTime()).toBeLessThanOrEqual(Date.now() + HOUR_MS);
    expect(await db.outboxEmail.findMany({ select: { dueAt: true } })).toEqual([{ dueAt: loginAlertAt }]);
  });

  itOnce("sends none to an address that was never confirmed", async () => {
    const person = await newPerson({ isVerified: false });
    for (let login = 0; login < 3; login++) await browserOf(person);
    expect(await alertsTo(person.email)).toBe(0);
    expect(await db.linkToken.count({ where: { userId: person.id } })).toBe(0);
  });

  itOnce("puts off one that a network or the site has caused too many of, and leaves none out", async () => {
    const client = newClient();
    const putOff = async (person: Person) => {
      expect(await alertsTo(person.email)).toBe(0);
      const [email, ...others] = await db.outboxEmail.findMany();
      expect(others).toEqual([]);
      expect((email?.dueAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(HOUR_MS - MINUTE_MS);
      await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
      await emailTo(person.email, "later-logins", mailbox);
    };
    for (let alert = 0; alert < LOGIN_ALERT_LIMITS.perNetwork; alert++) await countLoginAlert(client);
    const [person, other, elsewhere] = [await newPerson(), await newPerson(), await newPerson()];
    await browserOf(person);
    expect(await enter(person, { ...newClient(), ip: client.ip })).toMatchObject({ ok: true });
    await putOff(person);
    await browserOf(elsewhere);
    await browserOf(elsewhere);
    expect(await alertsTo(elsewhere.email), "another network's login is told at once").toBe(1);
    const where = { key: { startsWith: "login-alert-site" } };
    await db.rateLimit.updateMany({ where, data: { points: LOGIN_ALERT_LIMITS.perSite } });
    await browserOf(other);
    await browserOf(other);
    await putOff(other);
  });

  itOnce("lists ten in one email at most, and makes no more links than that", async () => {
    const person = await newPerson();
    for (let login = 0; login < 15; login++) await browserOf(person);
    expect(await alertsTo(person.email)).toBe(1);
    await db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
    const { text } = await emailTo(person.email, "later-logins", mailbox);
    expect(text.match(/^- on /gm)).toHaveLength(10);
    expect(text).toContain("There may have been more after these.");
    expect(await db.linkToken.count({ where: { userId: person.id } })).toBeLessThanOrEqual(12);
  });

  itOnce("is news at once again after a lock or a new address, and what waited is taken back", async () => {
    const person = await newPerson();
    for (let login = 0; login < 3; login++) await browserOf(person);
    expect(await alertsTo(person.email)).toBe(1);
    await db.$transaction((tx) => lock(person.id, "owner", tx));
    await db.$transaction((tx) => endLock(person.id, "owner", tx));
    expect(await db.outboxEmail.count()).toBe(0);
    await browserOf(person);
    expect(await alertsTo(person.email)).toBe(2);
  });

  it("keeps the moment of an account's first login", async () => {
    const person = await newPerson();
    const firstLoginAt = async () =>
      (await db.user.findUniqueOrThrow({ where: { id: person.id } })).firstLoginAt;
    expect(await firstLoginAt()).toBeNull();
    await browserOf(person);
    const first = await firstLoginAt();
    expect(first).toBeInstanceOf(Date);
    await browserOf(person);
    expect(await firstLoginAt()).toEqual(first);
  });

  itOnce("sends none about the first login after registering, nor about a known browser", async () => {
    const person = await newPerson();
    const browserToken = await browserOf(person);
    expect(await browserOf(person, browserToken)).toBe(browserToken);
    expect(await alertsTo(person.email)).toBe(0);
  });

  itOnce(
    "tells of the first login of an account that was not registered just now, such as an imported one",
    async () => {
      const person = await newPerson();
      const at = new Date(Date.now() - HOUR_MS - MINUTE_MS);
      await db.auditEvent.updateMany({ where: { userId: person.id, event: "registered" }, data: { at } });
      const browserToken = await browserOf(person);
      expect(await alertsTo(person.email)).toBe(1);
      await browserOf(person, browserToken);
      expect(await alertsTo(person.email)).toBe(1);
    },
  );

  itOnce(
    "tells of the first login right after an import, which writes a row as young as a newcomer's",
    async () => {
      const person = await newPerson();
      await db.auditEvent.deleteMany({ where: { userId: person.id } });
      await browserOf(person);
      expect(await alertsTo(person.email)).toBe(1);
    },
  );

  itOnce("sends none about the first login of a person whom the form has just registered", async () => {
    const input = { username: `u${randomUUID().slice(0, 12)}`, email: newEmail(), password: PASSWORD };
    expect(await register({ ...input, confirmation: PASSWORD }, newClient())).toEqual({ ok: true });
    const person = await db.user.update({
      where: { emailCanonical: input.email.toLowerCase() },
      data: { emailVerified: new Date() },
      select: { id: true },
    });
    expect(await enter(person)).toMatchObject({ ok: true });
    expect(await alertsTo(input.email)).toBe(0);
  });

  itOnce("sends none about a wrong password", async () => {
    const person = await newPerson();
    await browserOf(person);
    await logIn(person.email, "another");
    expect(await alertsTo(person.email)).toBe(0);
  });
});
