import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { enqueueEmail } from "../mail/outbox";
import { db } from "../platform/db";
import { BATCH_ROWS } from "../platform/db/in-batches";
import { makeLinkToken } from "../security/link-tokens";
import {
  consumeExport,
  consumePasswordChange,
  consumePicture,
  consumeUsernameGuess,
} from "../security/rate-limits/account-limits";
import { consumeCorrection } from "../security/rate-limits/email-limits";
import { consumeLogin } from "../security/rate-limits/login-limits";
import { LOGIN_LIMITS } from "../shared/limits";
import { DAY_MS, HOUR_MS } from "../shared/units";
import { itOnce } from "../testing/it-once";
import { collectLog } from "../testing/log-lines";
import { openDatabase } from "../testing/look-in";
import {
  emailTo,
  enter,
  eventsOf,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  type Person,
} from "../testing/people";
import { giveApp } from "../testing/second-factors";
import { purge } from "./clean-up";
import { eraseAccount, eraseAccounts } from "./erase-accounts";
import { proveSecondFactor } from "./login/prove-second-factor";
import { register } from "./register";
import { requestPasswordReset } from "./reset-password";

const log = collectLog();

/** Somebody whose account was to be deleted that long ago, in milliseconds. */
async function newLeaver(ms = HOUR_MS, isVerified = true): Promise<Person> {
  const person = await newPerson({ isVerified });
  await db.user.update({ where: { id: person.id }, data: { deleteAt: new Date(Date.now() - ms) } });
  return person;
}

const isThere = async ({ id }: Pick<Person, "id">) => (await db.user.count({ where: { id } })) === 1;

/** The tables with a row that has this text in any column, whatever kind of column it is. */
async function tablesWith(text: string): Promise<string[]> {
  const database = openDatabase(process.env.DATABASE_URL ?? "");
  const tables = await database.query<{ name: string }>(
    database.kind === "sqlite"
      ? `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
      : `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  expect(tables.length).toBeGreaterThan(10);
  const found = [];
  for (const { name } of tables) {
    const rows = await database.query(`SELECT * FROM "${name}"`);
    if (JSON.stringify(rows).toLowerCase().includes(text.toLowerCase())) found.push(name);
  }
  return found.sort();
}

afterEach(async () => {
  await db.rateLimit.deleteMany();
  await db.user.deleteMany();
});

describe("eraseAccounts", () => {
  it("leaves nothing of a person in any table, but a history that names nobody", async () => {
    const { id, email } = await newLeaver();
    const person = { id, username: `Grace-${id.slice(0, 8)}`, email };
    await db.user.update({
      where: { id },
      data: { username: person.username, usernameCanonical: person.username.toLowerCase() },
    });
    const client = { ...newClient(), ip: "203.0.113.77", userAgent: "A browser of her own" };
    expect(await enter(person, client)).toMatchObject({ ok: true, isLeaving: true });
    await logIn(email, "a wrong password", client);
    await requestPasswordReset({ email }, client);
    const counts = [consumeExport, consumePicture, consumeUsernameGuess, consumePasswordChange];
    for (const consume of counts) await consume(id);
    await consumeCorrection(id, newEmail().toLowerCase(), client);
    const account = { provider: "example", providerAccountId: `of ${id}`, type: "oidc" };
    await db.account.create({ data: { userId: id, ...account } });
    await db.$transaction((tx) =>
      makeLinkToken("change-email", { userId: null, emailCanonical: email.toLowerCase() }, tx),
    );
    await giveApp(person);
    expect(await enter(person, client)).toMatchObject({ reason: "second-factor" });
    const input = { code: "no code" };
    const tried = await proveSecondFactor({ ...person, emailCanonical: email.toLowerCase() }, input, client);
    expect(tried).toMatchObject({ reason: "wrong-code" });
    for (const table of ["Authenticator", "RecoveryCode", "PendingLogin", "LoginBackoff"])
      expect(await tablesWith(id)).toContain(table);
    const traces = [id, person.username, email, client.ip, client.userAgent, client.requestId ?? ""];
    await expect
      .poll(() => tablesWith(client.ip))
      .toEqual(["AuditEvent", "KnownBrowser", "LoginBackoff", "RateLimit", "Session"]);
    expect(await tablesWith(email)).toEqual(["LinkToken", "User"]);
    const events = await db.auditEvent.count({ where: { userId: id } });

    expect(await eraseAccounts(Date.now())).toBe(1);
    for (const trace of traces) {
      const counted = trace === client.ip ? ["RateLimit"] : []; // of the network, which ends by itself and names no account
      expect(await tablesWith(trace), trace).toEqual(counted);
    }
    const anonymous = await db.auditEvent.findMany({ where: { userId: null } });
    expect(anonymous).toHaveLength(events);
    for (const row of anonymous)
      expect(row).toMatchObject({ ip: null, userAgent: null, requestId: null, event: expect.any(String) });
    expect(anonymous.map(({ event }) => event)).toContain("login");
    expect(log.lines().at(-1)).toMatchObject({ event: "account-erased", userId: id, ip: null });
  });

  itOnce("tells a confirmed address, and no other; emails that waited for it leave no more", async () => {
    const [confirmed, unconfirmed] = [await newLeaver(), await newLeaver(HOUR_MS, false)];
    const other = await newPerson();
    mailbox.hold();
    const later = { dueAt: new Date(Date.now() + HOUR_MS) };
    const news = (to: string) => ({ to, subject: "News", text: "", html: "", expiresAt: later.dueAt });
    for (const { email } of [confirmed, other])
      await db.$transaction((tx) => enqueueEmail(news(email.toUpperCase()), tx, later));
    await db.outboxEmail.updateMany({ data: { recipientHash: null } }); // as a release before the column wrote them
    for (const { email } of [confirmed, other])
      await db.$transaction((tx) => enqueueEmail(news(email.toUpperCase()), tx, later));
    expect(await eraseAccounts(Date.now())).toBe(2);
    mailbox.release();
    const { text } = await emailTo(confirmed.email, "account-erased", mailbox);
    expect(text).not.toContain("token");
    expect(mailbox.mails.filter(({ recipients }) => recipients.includes(unconfirmed.email))).toEqual([]);
    const waiting = await db.outboxEmail.findMany();
    expect(waiting, "the other person's alone").toHaveLength(2);
    await db.outboxEmail.deleteMany();
  });

  it("frees the name and the address, and nothing that was counted holds the next owner back", async () => {
    const { username, email, emailCanonical } = await newLeaver();
    const client = newClient();
    for (let failure = 1; failure <= LOGIN_LIMITS.failuresBeforeWait; failure++)
      await consumeLogin(emailCanonical, null, client);
    expect((await consumeLogin(emailCanonical, null, client)).ok).toBe(false);
    await eraseAccounts(Date.now());
    expect(await logIn(email)).toEqual({ ok: false, reason: "refused" });
    const again = {
      username: username.slice(0, 20),
      email,
      password: NEW_PASSWORD,
      confirmation: NEW_PASSWORD,
    };
    expect(await register(again, newClient())).toEqual({ ok: true });
    expect(await logIn(email, NEW_PASSWORD, client)).toMatchObject({ ok: true, isLeaving: false });
  });

  it("leaves the history of an account that is kept while the clean-up has begun", async () => {
    const person = await newLeaver();
    await enter(person, newClient());
    const events = await eventsOf(person);
    let looks = 0;
    const keptMeanwhile = async () => {
      if (looks++ === 0)
        await db.user.update({ where: { id: person.id }, data: { deleteAt: null }, select: { id: true } });
      return true;
    };
    expect(await eraseAccounts(Date.now(), keptMeanwhile)).toBe(0);
    expect(await eventsOf(person)).toEqual(events);
    expect(events).toContain("login");
  });

  itOnce("leaves that history too where the emails are many that may wait for the account", async () => {
    const person = await newLeaver();
    const email = {
      sealed: "",
      dueAt: new Date(Date.now() + HOUR_MS),
      expiresAt: new Date(Date.now() + DAY_MS),
    };
    const emails = Array.from({ length: BATCH_ROWS }, (_, index) => ({ ...email, id: `${index}` }));
    await db.outboxEmail.createMany({ data: emails.map((row) => ({ ...row, createdAt: new Date(0) })) });
    let looks = 0;
    const keptMeanwhile = async () => {
      if (looks++ === 1)
        await db.user.update({ where: { id: person.id }, data: { deleteAt: null }, select: { id: true } });
      return true;
    };
    expect(await eraseAccounts(Date.now(), keptMeanwhile)).toBe(0);
    expect(looks).toBeGreaterThan(1);
    expect(await db.auditEvent.count({ where: { userId: person.id } })).toBe(1);
    await db.outboxEmail.deleteMany();
  });

  it("erases those behind one that cannot be erased, and fails then", async () => {
    const [first, second] = [await newLeaver(2 * HOUR_MS), await newLeaver()];
    vi.spyOn(db, "$transaction").mockRejectedValueOnce(new Error("a row that no one foresaw"));
    await expect(eraseAccounts(Date.now())).rejects.toThrow("no one foresaw");
    expect([await isThere(first), await isThere(second)]).toEqual([true, false]);
    expect(log.lines()).toContainEqual(expect.objectContaining({ event: "error" }));
    vi.restoreAllMocks();
  });

  itOnce(
    "takes back no email of another account, which has got an address that was this one's long ago",
    async () => {
      const [person, other] = [await newLeaver(), await newPerson()];
      const way = { userId: person.id, emailCanonical: other.emailCanonical, address: other.email };
      await db.$transaction((tx) => makeLinkToken("restore-email", way, tx));
      await db.linkToken.updateMany({
        where: { userId: person.id },
        data: { expiresAt: new Date(Date.now() - 1) },
      });
      const dueAt = new Date(Date.now() + HOUR_MS);
      const news = { to: other.email, subject: "News", text: "", html: "", expiresAt: dueAt };
      await db.$transaction((tx) => enqueueEmail(news, tx, { dueAt }));
      await db.outboxEmail.updateMany({ where: { dueAt }, data: { createdAt: new Date(0) } });
      expect(await eraseAccount(person.id)).toBe(true);
      expect(await db.outboxEmail.count({ where: { dueAt } })).toBe(1);
      await db.outboxEmail.deleteMany();
    },
  );

  itOnce.each([
    ["nobody wants deleted", {}],
    ["can still be kept", { deleteAt: new Date(Date.now() + HOUR_MS) }],
    ["the operator keeps locked", { deleteAt: new Date(0), lockedByOperatorAt: new Date() }],
  ])("leaves an account that %s", async (_what, data) => {
    const person = await newPerson();
    await db.user.update({ where: { id: person.id }, data });
    expect(await eraseAccounts(Date.now())).toBe(0);
    expect(await isThere(person)).toBe(true);
    expect(await db.auditEvent.count({ where: { userId: person.id } })).toBe(1);
    await db.user.delete({ where: { id: person.id } });
  });

  itOnce("leaves one while a former address can still be taken back", async () => {
    const person = await newLeaver();
    const way = { userId: person.id, emailCanonical: newEmail(), address: newEmail() };
    const { expiresAt } = await db.$transaction((tx) => makeLinkToken("restore-email", way, tx));
    expect(await eraseAccounts(Date.now())).toBe(0);
    expect(await isThere(person)).toBe(true);
    expect(await eraseAccounts(expiresAt.getTime() + 1)).toBe(1);
  });

  itOnce("erases one that was kept locked by its owner before, and has come to its end", async () => {
    const person = await newLeaver();
    await db.user.update({ where: { id: person.id }, data: { lockedByOwnerAt: new Date() } });
    expect(await eraseAccounts(Date.now())).toBe(1);
    expect(await isThere(person)).toBe(false);
  });

  it("makes a long history anonymous a batch at a time, and goes on where it was told to stop", async () => {
    const person = await newLeaver();
    const rows = Array.from({ length: 2 * BATCH_ROWS }, (_, index) => ({
      userId: person.id,
      event: "login",
      ip: "203.0.113.88",
      at: new Date(Date.now() - index * 1000),
    }));
    await db.auditEvent.createMany({ data: rows });
    let asked = 0; // before the account, and after each batch
    expect(await eraseAccounts(Date.now(), async () => ++asked < 2)).toBe(0);
    expect(await isThere(person), "by which the rest is found").toBe(true);
    expect(await db.auditEvent.count({ where: { userId: person.id } })).toBe(BATCH_ROWS + 1);
    expect(await eraseAccounts(Date.now())).toBe(1);
    expect(await tablesWith("203.0.113.88")).toEqual([]);
  });
});

describe("eraseAccount", () => {
  it("erases an account that nobody wanted deleted, and says whether there was one", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    expect(await eraseAccount(person.id)).toBe(true);
    expect(await eraseAccount(person.id)).toBe(false);
    expect([await isThere(person), await isThere(other)]).toEqual([false, true]);
  });
});

describe("the clean-up", () => {
  it("makes rows anonymous that were written while their account went", async () => {
    const late = { event: "login-failed", ip: "203.0.113.99", userAgent: "late", requestId: "late" };
    const { id } = await db.auditEvent.create({ data: { ...late, userId: null }, select: { id: true } });
    await purge();
    expect(await db.auditEvent.findUnique({ where: { id } })).toMatchObject({
      event: "login-failed",
      ip: null,
      userAgent: null,
      requestId: null,
    });
    expect(await tablesWith(late.ip)).toEqual([]);
  });

  itOnce("erases what is due, and says so with all else that went", async () => {
    const person = await newLeaver(DAY_MS);
    const purged = await purge();
    expect(purged).toMatchObject({ erased: 1, lapsed: 0 });
    expect(await isThere(person)).toBe(false);
    expect(log.lines().at(-1)).toMatchObject({ event: "cleaned-up", erased: 1, lapsed: 0 });
    const lines = log.lines().length;
    expect(await purge()).toMatchObject({ erased: 0 });
    expect(log.lines(), "nothing went, so nothing is said").toHaveLength(lines);
  });
});
