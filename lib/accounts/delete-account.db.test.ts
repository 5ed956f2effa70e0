import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { db, type Tx } from "../platform/db";
import { findKnownBrowser } from "../security/known-browsers";
import { findLinkToken, makeLinkToken } from "../security/link-tokens";
import { isProofRecent } from "../security/session-proof";
import { findLeavingSession, findSession, openSession, revokeSession } from "../security/sessions";
import { isReserved } from "../security/ways-back";
import { DELETION_DAYS, DELETION_LIMITS, LOGIN_LIMITS } from "../shared/limits";
import { type LinkPurpose, linkPurposes, links } from "../shared/links";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../shared/units";
import { runsOn } from "../testing/database";
import { itOnce } from "../testing/it-once";
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
  tokenIn,
} from "../testing/people";
import { changeEmail, requestEmailChange, restoreEmail } from "./change-email";
import { keepAccount, requestDeletion, requestDeletionWithoutPassword } from "./delete-account";
import { exportData } from "./export-data";
import { lockAccount } from "./lock-account";
import { logOut } from "./log-out";
import { keepAsOperator, lockAsOperator } from "./operator";
import { register } from "./register";
import { requestPasswordReset, resetPassword } from "./reset-password";

interface Typed {
  username: string;
  password: string;
}

/** A person in a browser in which they are logged in. */
async function atHome(person: Person) {
  const { token } = await openSession(person.id, false, newClient());
  return { user: person, sessionToken: token };
}

type Home = Awaited<ReturnType<typeof atHome>>;

const ask = (home: Home, typed: Partial<Typed> = {}) =>
  requestDeletion(home, { username: home.user.username, password: PASSWORD, ...typed }, newClient());

/** Somebody whose account is to be deleted. */
async function newLeaver(isVerified = true): Promise<Person & { deleteAt: Date }> {
  const person = await newPerson({ isVerified });
  const outcome = await ask(await atHome(person));
  if (!outcome.ok) return expect.fail(outcome.reason);
  return { ...person, deleteAt: outcome.deleteAt };
}

/** Logs in to an account that is to be deleted; answers the token of the session that asks whether to keep it. */
async function comeBack(person: Person, password = PASSWORD): Promise<string> {
  const outcome = await logIn(person.email, password);
  if (!outcome.ok) return expect.fail(outcome.reason);
  expect(outcome.isLeaving).toBe(true);
  return outcome.session.token;
}

async function keep(token: string) {
  const session = await findLeavingSession(token);
  return session && keepAccount(session, token, newClient());
}

const deleteAtOf = async ({ id }: Pick<Person, "id">) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { deleteAt: true } })).deleteAt;

const sessionsOf = ({ id }: Pick<Person, "id">) => db.session.count({ where: { userId: id } });

const linkFor = (purpose: LinkPurpose, { id, emailCanonical }: Person) =>
  db.$transaction((tx) =>
    makeLinkToken(purpose, { userId: id, emailCanonical, address: emailCanonical }, tx),
  );

/** Gives the account another address, by its link, as somebody who is logged in. */
async function moveTo(person: Person, email: string): Promise<void> {
  await requestEmailChange(person, { email, password: PASSWORD }, newClient());
  const token = tokenIn(await emailTo(email, "change-email", mailbox));
  expect(await changeEmail(token, loggedInAs(person), newClient())).toMatchObject({ ok: true });
}

afterEach(() => db.rateLimit.deleteMany());

describe("requestDeletion", () => {
  it("ends every session, keeps the known browsers, and tells the owner until when to come back", async () => {
    const person = await newPerson();
    const browser = await enter(person);
    if (!browser.ok) return expect.fail(browser.reason);
    const other = await openSession(person.id, true, newClient());
    const before = Date.now();
    const outcome = await ask(await atHome(person), { username: person.username.toUpperCase() });
    if (!outcome.ok) return expect.fail(outcome.reason);
    const days = (outcome.deleteAt.getTime() - before) / DAY_MS;
    expect(days).toBeGreaterThanOrEqual(DELETION_DAYS);
    expect(days).toBeLessThan(DELETION_DAYS + 0.01);
    expect(await deleteAtOf(person)).toEqual(outcome.deleteAt);
    expect(await sessionsOf(person)).toBe(0);
    expect(await findSession(other.token)).toBeNull();
    expect(await findKnownBrowser(person.emailCanonical, browser.browserToken)).not.toBeNull();
    expect((await eventsOf(person)).at(-1)).toBe("deletion-requested");
    const { text } = await emailTo(person.email, "deletion-requested", mailbox);
    const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
    expect(text).toContain(`on ${day.format(outcome.deleteAt)} at`);
  });

  itOnce.each([
    ["another username", { username: "somebody else" }, "other-username"],
    ["no username", { username: "" }, "other-username"],
    ["the wrong password", { password: "not the password" }, "refused"],
  ] as const)("refuses %s, and nothing is done", async (_what, typed, reason) => {
    const person = await newPerson();
    const home = await atHome(person);
    expect(await ask(home, typed)).toEqual({ ok: false, reason });
    expect(await deleteAtOf(person)).toBeNull();
    expect(await findSession(home.sessionToken)).not.toBeNull();
  });

  itOnce("counts a wrong password as a failed login", async () => {
    const home = await atHome(await newPerson({ cost: 4 }));
    const client = newClient();
    const guess = () => requestDeletion(home, { username: home.user.username, password: "a guess" }, client);
    for (let failure = 1; failure <= LOGIN_LIMITS.failuresBeforeWait; failure++)
      expect(await guess()).toMatchObject({ reason: "refused" });
    expect(await guess()).toMatchObject({ reason: "throttled", of: "attempts" });
    expect(await eventsOf(home.user)).toContain("login-failed");
  });

  itOnce("refuses in a session that has ended, and in a locked account", async () => {
    const person = await newPerson();
    const over = await atHome(person);
    await logOut(over.sessionToken, newClient());
    expect(await ask(over)).toEqual({ ok: false, reason: "session-over" });
    const home = await atHome(person);
    await lockAsOperator(person.email, newClient());
    expect(await ask(home)).toEqual({ ok: false, reason: "session-over" });
    expect(await deleteAtOf(person)).toBeNull();
  });

  it("is done once of two at a time", async () => {
    const person = await newPerson();
    const homes = [await atHome(person), await atHome(person)];
    const outcomes = await Promise.all(homes.map((home) => ask(home)));
    expect(outcomes.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect((await eventsOf(person)).filter((event) => event === "deletion-requested")).toHaveLength(1);
  });

  itOnce("is done five times a day at most: each tells the owner", async () => {
    const person = await newPerson({ cost: 4 });
    for (let time = 1; time <= DELETION_LIMITS.perAccount; time++) {
      expect(await ask(await atHome(person))).toMatchObject({ ok: true });
      await keepAsOperator(person.email, newClient());
    }
    const home = await atHome(person);
    expect(await ask(home)).toMatchObject({ reason: "throttled", of: "attempts" });
    expect(await findSession(home.sessionToken)).not.toBeNull();
  });

  itOnce(
    "ends links that would change the address, and leaves those that are the mailbox owner's",
    async () => {
      const person = await newPerson();
      const made = await Promise.all(
        linkPurposes.map(async (purpose) => ({ purpose, ...(await linkFor(purpose, person)) })),
      );
      await ask(await atHome(person));
      const alive = [];
      for (const { purpose, token } of made)
        if (await db.linkToken.count({ where: { purpose, userId: person.id } }))
          alive.push({ purpose, token });
      expect(alive.map(({ purpose }) => purpose)).toEqual(
        linkPurposes.filter((purpose) => purpose !== "change-email"),
      );
    },
  );

  itOnce("writes to no address that was never confirmed", async () => {
    const person = await newLeaver(false);
    expect(await db.linkToken.count({ where: { userId: person.id } })).toBe(0);
    expect(mailbox.mails.filter(({ recipients }) => recipients.includes(person.email))).toEqual([]);
  });

  itOnce("keeps the name and the address taken", async () => {
    const { username, email } = await newLeaver();
    const again = { username: "newcomer", email, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
    expect(await register(again, newClient())).toEqual({ ok: false, reason: "taken", fields: ["email"] });
    const named = { ...again, username, email: newEmail() };
    expect(await register(named, newClient())).toMatchObject({ reason: "taken", fields: ["username"] });
  });
});

describe("requestDeletionWithoutPassword", () => {
  it("is for accounts that have no password, and for no other", async () => {
    const person = await newPerson();
    const home = await atHome(person);
    const typed = { username: person.username };
    const refused = { ok: false, reason: "refused" };
    expect(await requestDeletionWithoutPassword(home, typed, newClient())).toEqual(refused);
    await db.user.update({ where: { id: person.id }, data: { passwordHash: null } });
    expect(await requestDeletionWithoutPassword(home, { username: "x" }, newClient())).toMatchObject({
      reason: "other-username",
    });
    expect(await requestDeletionWithoutPassword(home, typed, newClient())).toMatchObject({ ok: true });
  });
});

describe("a login to an account that is to be deleted", () => {
  it("opens a session that opens nothing but the question", async () => {
    const person = await newLeaver();
    const token = await comeBack(person);
    expect(await findSession(token)).toBeNull();
    expect(await findLeavingSession(token)).toMatchObject({
      user: { username: person.username },
      deleteAt: person.deleteAt,
    });
    expect(await deleteAtOf(person)).toEqual(person.deleteAt);
  });

  itOnce("is refused for a wrong password as ever, and told nothing", async () => {
    const { email } = await newLeaver();
    expect(await logIn(email, "not the password")).toEqual({ ok: false, reason: "refused" });
  });

  itOnce(
    "finds none where the operator has locked it: the account stays, and its owner is told",
    async () => {
      const person = await newLeaver();
      expect(await lockAsOperator(person.email, newClient())).toMatchObject({ ok: true, wasLeaving: true });
      expect(await logIn(person.email)).toEqual({ ok: false, reason: "locked", by: "operator" });
      expect(await deleteAtOf(person)).toBeNull();
      const mail = await emailTo(person.email, "account-kept", mailbox);
      expect(mail.text).toContain("have locked it, and a locked account is not deleted");
    },
  );

  itOnce("finds none after a new password by an emailed link: who wants that wants the account", async () => {
    const person = await newLeaver();
    await requestPasswordReset({ email: person.email }, newClient());
    const token = tokenIn(await emailTo(person.email, "reset-password", mailbox));
    const waiting = await comeBack(person);
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
    expect(await findLeavingSession(waiting), "whoever knew the former password").toBeNull();
    expect(await deleteAtOf(person)).toBeNull();
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true, isLeaving: false });
    const mail = await emailTo(person.email, "password-changed", mailbox);
    expect(mail.text).toContain("Your account was to be deleted on ");
    expect(await eventsOf(person)).toContain("deletion-cancelled");
  });

  itOnce("can be logged out, which changes nothing else", async () => {
    const person = await newLeaver();
    const token = await comeBack(person);
    expect(await logOut(token, newClient())).toEqual({ userId: person.id });
    expect(await findLeavingSession(token)).toBeNull();
    expect((await eventsOf(person)).at(-1)).toBe("logout");
    expect(await deleteAtOf(person)).toEqual(person.deleteAt);
  });
});

describe("keepAccount", () => {
  it("opens everything in a new session, remembered as the login was, and ends all others", async () => {
    const person = await newLeaver();
    const stranger = await comeBack(person); // whose session must not open with the owner's
    const own = await openSession(person.id, true, newClient());
    const kept = await keep(own.token);
    if (!kept) return expect.fail("not kept");
    expect(kept.session).toMatchObject({ isRemembered: true });
    expect(kept.session.token).not.toBe(own.token);
    expect(await findSession(kept.session.token)).not.toBeNull();
    for (const token of [own.token, stranger]) {
      expect(await findSession(token)).toBeNull();
      expect(await findLeavingSession(token)).toBeNull();
    }
    expect(await deleteAtOf(person)).toBeNull();
    expect((await eventsOf(person)).at(-1)).toBe("deletion-cancelled");
    const { text } = await emailTo(person.email, "account-kept", mailbox);
    expect(text).toContain("/lock-account?token=");
    const data = await exportData(person.id, null, newClient());
    expect(data.ok && data.data.profile.deleteAt).toBeNull();
  });

  itOnce("is no proof of who one is: the session's age, its proof and its end stay", async () => {
    const person = await newLeaver();
    const own = await openSession(person.id, true, newClient());
    const createdAt = new Date(Date.now() - 10 * DAY_MS);
    const expiresAt = new Date(Date.now() + 20 * DAY_MS);
    await db.session.updateMany({ where: { userId: person.id }, data: { createdAt, expiresAt } });
    const kept = await keep(own.token);
    expect(kept?.session.expiresAt).toEqual(expiresAt);
    const session = await findSession(kept?.session.token ?? "");
    expect(session && isProofRecent(session)).toBe(false);
  });

  it("does nothing in a session that has ended since, or for an account that stays anyway", async () => {
    const person = await newLeaver();
    const token = await comeBack(person);
    const session = await findLeavingSession(token);
    if (!session) return expect.fail("no session");
    await logOut(token, newClient());
    expect(await keepAccount(session, token, newClient())).toBeNull();
    expect(await deleteAtOf(person)).toEqual(person.deleteAt);
    const later = await comeBack(person);
    expect((await keepAsOperator(person.email, newClient())).ok).toBe(true);
    expect(await keepAccount(session, later, newClient())).toBeNull();
    expect(await findSession(later), "the operator's answer ends what waited").toBeNull();
  });
});

it.runIf(runsOn() === "postgres")(
  "keepAccount does nothing behind a log-out of the same moment",
  async () => {
    const person = await newLeaver();
    const token = await comeBack(person);
    const logOutMeanwhile = async (tx: Tx) => {
      await revokeSession(token, tx);
      const keeping = keep(token);
      const waiting =
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%Session%'";
      await expect.poll(() => db.$queryRawUnsafe(waiting)).toHaveLength(1);
      return { keeping };
    };
    const { keeping } = await db.$transaction(logOutMeanwhile);
    expect(await keeping).toBeNull();
    expect(await deleteAtOf(person)).toEqual(person.deleteAt);
  },
);

describe("an owner whose account a thief wants deleted", () => {
  itOnce("keeps and locks it by the email, up to the last minute", async () => {
    const person = await newLeaver();
    const thief = await comeBack(person);
    const token = tokenIn(await emailTo(person.email, "deletion-requested", mailbox));
    const { expiresAt } = await db.linkToken.findFirstOrThrow({
      where: { userId: person.id, purpose: "lock-account" },
      select: { expiresAt: true },
    });
    expect(expiresAt).toEqual(person.deleteAt);
    expect(await lockAccount(token, newClient())).toMatchObject({ ok: true });
    expect(await deleteAtOf(person)).toBeNull();
    expect(await findLeavingSession(thief)).toBeNull();
    expect(await keep(thief)).toBeNull();
    expect(await logIn(person.email)).toMatchObject({ reason: "locked" });
    const reset = tokenIn(await emailTo(person.email, "reset-password", mailbox));
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toMatchObject({
      ok: true,
    });
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true, isLeaving: false });
  });

  itOnce(
    "takes a stolen address back by the email at the former one, until the account is erased",
    async () => {
      const person = await newPerson();
      const thiefs = newEmail();
      await moveTo(person, thiefs);
      const { createdAt } = await db.linkToken.findFirstOrThrow({
        where: { userId: person.id, purpose: "restore-email" },
      });
      const taken = { ...person, email: thiefs, emailCanonical: thiefs.toLowerCase() };
      const outcome = await ask(await atHome(taken));
      if (!outcome.ok) return expect.fail(outcome.reason);

      const mail = await emailTo(person.email, "deletion-requested", mailbox);
      expect(mail.text).not.toContain("10.0."); // it may reach somebody who has the mailbox now
      await emailTo(thiefs, "deletion-requested", mailbox);
      const rows = await db.linkToken.findMany({
        where: { userId: person.id, purpose: "restore-email" },
        orderBy: { expiresAt: "asc" },
      });
      expect(rows.map((row) => row.createdAt)).toEqual([createdAt, createdAt]);
      expect(rows.at(-1)?.expiresAt).toEqual(outcome.deleteAt);
      expect(await isReserved(person.emailCanonical, null)).toBe(true);

      // Seven days on, when the first email's link is too old.
      await db.linkToken.deleteMany({ where: { id: rows[0]?.id ?? "" } });
      expect(await restoreEmail(tokenIn(mail), newClient())).toEqual({ ok: true });
      expect(await deleteAtOf(person)).toBeNull();
      expect(await logIn(person.email)).toMatchObject({ reason: "locked" });
      expect(await logIn(thiefs)).toMatchObject({ reason: "refused" });
    },
  );

  itOnce("has a way back prolonged once: no account reserves an address for ever", async () => {
    const person = await newPerson();
    await moveTo(person, newEmail());
    const old = new Date(Date.now() - links["restore-email"].ttlMs - MINUTE_MS);
    await db.linkToken.updateMany({
      where: { userId: person.id, purpose: "restore-email" },
      data: { createdAt: old, expiresAt: new Date(Date.now() + HOUR_MS) }, // as one prolonged before
    });
    const { email } = await db.user.findUniqueOrThrow({ where: { id: person.id }, select: { email: true } });
    await ask(await atHome({ ...person, email }));
    expect(await db.linkToken.count({ where: { userId: person.id, purpose: "restore-email" } })).toBe(1);
  });

  itOnce("finds that the address cannot be changed by a link that was open before", async () => {
    const person = await newPerson();
    const other = newEmail();
    await requestEmailChange(person, { email: other, password: PASSWORD }, newClient());
    const token = tokenIn(await emailTo(other, "change-email", mailbox));
    await ask(await atHome(person));
    expect(await findLinkToken("change-email", token)).toBeNull();
    const late = requestEmailChange(person, { email: newEmail(), password: PASSWORD }, newClient());
    expect(await late, "at the same moment").toMatchObject({ ok: false });
    expect(await db.linkToken.count({ where: { userId: person.id, purpose: "change-email" } })).toBe(0);
  });
});
