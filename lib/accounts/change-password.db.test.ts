import { createHash } from "node:crypto";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

/** A stand-in for the range API of breached passwords, which `env()` has from the start. */
const breaches = await vi.hoisted(async () => {
  const state = { asked: 0, known: "", close: () => {} };
  const { createServer } = await import("node:http");
  const server = createServer((_, response) => {
    state.asked++;
    response.end(state.known);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  process.env.PASSWORD_BREACH_CHECK = "true";
  process.env.PASSWORD_BREACH_URL = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  state.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return state;
});

import { db } from "../platform/db";
import { findKnownBrowser } from "../security/known-browsers";
import { findLinkToken, makeLinkToken } from "../security/link-tokens";
import { findSession, openSession } from "../security/sessions";
import { LOGIN_LIMITS, PASSWORD_CHANGE_LIMITS } from "../shared/limits";
import { linkPurposes } from "../shared/links";
import { itOnce } from "../testing/it-once";
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
} from "../testing/people";
import { changePassword, hasPassword, setFirstPassword } from "./change-password";
import { deletionEnd } from "./delete-account";
import { lockAccount } from "./lock-account";
import { lock } from "./locks";
import { lockAsOperator } from "./operator";
import { resetPassword } from "./reset-password";

/** A person in a browser in which they are logged in. */
async function atHome(person: Person, { isRemembered = false } = {}) {
  const outcome = await enter(person);
  if (!outcome.ok) return expect.fail("not logged in");
  const { browserToken } = outcome;
  const { token } = await openSession(person.id, isRemembered, newClient());
  return {
    asker: { user: person, sessionToken: token },
    client: newClient(browserToken),
    token,
    browserToken,
  };
}

type Home = Awaited<ReturnType<typeof atHome>>;

const change = ({ asker, client }: Home, currentPassword = PASSWORD, password = NEW_PASSWORD) =>
  changePassword(asker, { currentPassword, password }, client);

const sessionsOf = ({ id }: Pick<Person, "id">) => db.session.count({ where: { userId: id } });

const browsersOf = ({ id }: Pick<Person, "id">) => db.knownBrowser.findMany({ where: { userId: id } });

const hashOf = async ({ id }: Pick<Person, "id">) =>
  (await db.user.findUniqueOrThrow({ where: { id }, select: { passwordHash: true } })).passwordHash;

/** A link of this purpose to the person's address. */
const linkFor = (purpose: (typeof linkPurposes)[number], { id, emailCanonical }: Person) =>
  db.$transaction((tx) => makeLinkToken(purpose, { userId: id, emailCanonical }, tx));

/** Nothing about the account is other than before. */
async function expectUnchanged(person: Person, { token }: Home, hash: string | null) {
  expect(await hashOf(person)).toBe(hash);
  expect(await findSession(token)).not.toBeNull();
  expect(await eventsOf(person)).not.toContain("password-changed");
  expect(await db.outboxEmail.count()).toBe(0);
}

afterAll(() => breaches.close());

afterEach(async () => {
  vi.restoreAllMocks();
  breaches.known = "";
  await db.outboxEmail.deleteMany();
  await db.rateLimit.deleteMany();
});

describe("changePassword", () => {
  it("sets the password, and of all sessions leaves this browser's, under another token", async () => {
    const person = await newPerson();
    const home = await atHome(person);
    const elsewhere = await openSession(person.id, true, newClient());
    const outcome = await change(home);
    if (!outcome.ok || !outcome.session) return expect.fail("not changed");
    expect(await findSession(elsewhere.token)).toBeNull();
    expect(await findSession(home.token)).toBeNull();
    expect(await findSession(outcome.session.token)).toMatchObject({ user: { id: person.id } });
    expect(await sessionsOf(person)).toBe(1);
    expect(await logIn(person.email, PASSWORD)).toMatchObject({ reason: "refused" });
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  itOnce.each([true, false])("leaves the session remembered as it was: %s", async (isRemembered) => {
    const outcome = await change(await atHome(await newPerson(), { isRemembered }));
    expect(outcome).toMatchObject({ ok: true, session: { isRemembered } });
  });

  itOnce("ends no session of another account", async () => {
    const other = await atHome(await newPerson());
    await change(await atHome(await newPerson()));
    expect(await findSession(other.token)).not.toBeNull();
  });

  itOnce(
    "forgets every browser but this one, which is known by a new token, there and at its other accounts",
    async () => {
      const [person, neighbour] = [await newPerson(), await newPerson()];
      const home = await atHome(person);
      const elsewhere = await enter(person);
      const shared = await enter(neighbour, home.client);
      if (!elsewhere.ok || !shared.ok) return expect.fail("not logged in");
      const [known] = await browsersOf(neighbour); // its login has renamed the browser
      const client = newClient(shared.browserToken);
      const outcome = await change({ ...home, client });
      if (!outcome.ok) return expect.fail("not changed");
      expect(outcome.browserToken).not.toBe(shared.browserToken);
      for (const token of [home.browserToken, elsewhere.browserToken, shared.browserToken])
        expect(await findKnownBrowser(person.emailCanonical, token)).toBeNull();
      expect(await findKnownBrowser(person.emailCanonical, outcome.browserToken)).not.toBeNull();
      expect(await findKnownBrowser(neighbour.emailCanonical, outcome.browserToken)).toBe(known?.id);
      expect(await browsersOf(person)).toHaveLength(1);
    },
  );

  itOnce("makes a browser known that the account has forgotten", async () => {
    const person = await newPerson();
    const home = await atHome(person);
    const outcome = await change({ ...home, client: newClient() });
    expect(await browsersOf(person)).toHaveLength(1);
    const token = outcome.ok ? outcome.browserToken : null;
    expect(await findKnownBrowser(person.emailCanonical, token)).not.toBeNull();
  });

  itOnce("tells the owner, and what the email says of devices is true", async () => {
    const person = await newPerson();
    await change(await atHome(person));
    const { text } = await emailTo(person.email, "password-changed", mailbox);
    expect(text).toContain("All other devices have been logged out.");
    expect(text).toContain("Firefox on Linux");
    expect(text).toContain("/lock-account?token=");
    expect(await eventsOf(person)).toContain("password-changed");
  });

  itOnce("tells no address that was never confirmed", async () => {
    const person = await newPerson({ isVerified: false });
    expect(await change(await atHome(person))).toMatchObject({ ok: true });
    expect(await db.outboxEmail.count()).toBe(0);
  });

  itOnce(
    "ends links for a new password and a new address, and leaves those that lock, confirm or take back",
    async () => {
      const person = await newPerson({ isVerified: false });
      const made = new Map<string, string>();
      for (const purpose of linkPurposes) made.set(purpose, (await linkFor(purpose, person)).token);
      await change(await atHome(person));
      const alive = [];
      for (const purpose of linkPurposes)
        if (await findLinkToken(purpose, made.get(purpose) ?? "")) alive.push(purpose);
      expect(alive).toEqual(["verify-email", "lock-account", "restore-email"]);
    },
  );

  itOnce("refuses a wrong password, counts it as a failed login, and changes nothing", async () => {
    const person = await newPerson();
    const home = await atHome(person);
    const hash = await hashOf(person);
    for (let guess = 0; guess < LOGIN_LIMITS.failuresBeforeWait; guess++)
      expect(await change(home, "a wrong guess")).toEqual({ ok: false, reason: "refused" });
    expect(await change(home)).toMatchObject({ reason: "throttled", of: "attempts" });
    expect(await logIn(person.email, PASSWORD, home.client)).toMatchObject({ reason: "throttled" });
    expect((await eventsOf(person)).filter((event) => event === "login-failed")).toHaveLength(
      LOGIN_LIMITS.failuresBeforeWait,
    );
    await expectUnchanged(person, home, hash);
  });

  itOnce("refuses another account's password", async () => {
    const [person, neighbour] = [await newPerson(), await newPerson()];
    const home = await atHome(person);
    await db.user.update({ where: { id: neighbour.id }, data: { passwordHash: "another" } });
    const swapped = { ...home, asker: { ...home.asker, user: { ...person, id: neighbour.id } } };
    expect(await change(swapped)).toEqual({ ok: false, reason: "refused" });
    expect(await hashOf(neighbour)).toBe("another");
  });

  itOnce.each([
    ["a common password", () => "password123"],
    ["the username and a digit", ({ username }: Person) => `${username}1`],
  ])("refuses %s, before anything is counted", async (_, weak) => {
    const person = await newPerson();
    const home = await atHome(person);
    const hash = await hashOf(person);
    const outcome = await change(home, "a wrong guess", weak(person));
    expect(outcome).toMatchObject({ reason: "weak-password", weakness: { message: expect.any(String) } });
    expect(await eventsOf(person)).not.toContain("login-failed");
    await expectUnchanged(person, home, hash);
  });

  itOnce("has the breaches looked up for nobody who has not shown who they are, or is to wait", async () => {
    const person = await newPerson();
    const home = await atHome(person);
    const hash = await hashOf(person);
    const suffix = createHash("sha1").update(NEW_PASSWORD).digest("hex").toUpperCase().slice(5);
    breaches.known = `${suffix}:1`;
    const before = breaches.asked;
    await change(home, "a wrong guess");
    await change(home, PASSWORD, PASSWORD);
    expect(breaches.asked).toBe(before);

    const outcome = await change(home);
    expect(outcome).toMatchObject({ reason: "weak-password", weakness: { kind: "breached" } });
    expect(breaches.asked).toBe(before + 1);
    await expectUnchanged(person, home, hash);
    for (let more = 1; more < PASSWORD_CHANGE_LIMITS.perAccount; more++) await change(home);
    expect(await change(home)).toMatchObject({ reason: "throttled", of: "attempts" });
    expect(breaches.asked).toBe(before + PASSWORD_CHANGE_LIMITS.perAccount);
  });

  itOnce("refuses the password that the account has, however it is composed", async () => {
    const person = await newPerson();
    const home = await atHome(person);
    expect(await change(home, PASSWORD, PASSWORD)).toEqual({ ok: false, reason: "unchanged" });
    expect(await change(home, NEW_PASSWORD, NEW_PASSWORD)).toEqual({ ok: false, reason: "refused" });
  });

  it("has one winner of several at once", async () => {
    const person = await newPerson();
    const homes = [await atHome(person), await atHome(person), await atHome(person)];
    const passwords = homes.map((_, index) => `${NEW_PASSWORD} ${index}`);
    const outcomes = await Promise.all(homes.map((home, n) => change(home, PASSWORD, passwords[n])));
    const winners = outcomes.flatMap(({ ok }, n) => (ok ? [passwords[n]] : []));
    expect(winners).toHaveLength(1);
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.reason === "refused")).toHaveLength(2);
    expect(await sessionsOf(person)).toBe(1);
    expect(await logIn(person.email, winners[0])).toMatchObject({ ok: true });
  });

  /** Does something once the present password has been compared and before the new one is kept. */
  async function meanwhile(home: Home, happens: () => Promise<unknown>) {
    const transaction = db.$transaction.bind(db);
    const spy = vi.spyOn(db, "$transaction");
    spy.mockImplementationOnce(async (...args: unknown[]) => {
      await happens();
      return (transaction as (...rest: unknown[]) => Promise<unknown>)(...args);
    });
    return change(home);
  }

  it.each(["owner", "operator"] as const)("refuses when the %s locks the account in between", async (by) => {
    const person = await newPerson();
    const home = await atHome(person);
    const hash = await hashOf(person);
    const { token } = await linkFor("lock-account", person);
    const locks = {
      owner: () => lockAccount(token, newClient()),
      operator: () => lockAsOperator(person.email, newClient()),
    };
    expect(await meanwhile(home, locks[by])).toEqual({ ok: false, reason: "session-over" });
    expect(await hashOf(person)).toBe(hash);
    expect(await sessionsOf(person)).toBe(0);
  });

  it("refuses when the password is reset in between: the reset stands", async () => {
    const person = await newPerson();
    const home = await atHome(person);
    const { token } = await linkFor("reset-password", person);
    const password = `${NEW_PASSWORD}, by link`;
    const outcome = await meanwhile(home, () => resetPassword({ token, password }, newClient()));
    expect(outcome).toEqual({ ok: false, reason: "refused" });
    expect(await sessionsOf(person)).toBe(0);
    expect(await logIn(person.email, password)).toMatchObject({ ok: true });
  });

  it.each([
    ["this session has ended", "session"],
    ["the account is to be deleted", "user"],
  ] as const)("changes nothing where in between %s", async (_, what) => {
    const person = await newPerson();
    const home = await atHome(person);
    const [hash, browsers] = [await hashOf(person), await browsersOf(person)];
    const { token } = await linkFor("reset-password", person);
    const happens = {
      session: () => db.session.deleteMany({ where: { userId: person.id } }),
      user: () => db.user.updateMany({ where: { id: person.id }, data: { deleteAt: deletionEnd() } }),
    };
    expect(await meanwhile(home, happens[what])).toEqual({ ok: false, reason: "session-over" });
    expect(await hashOf(person)).toBe(hash);
    expect(await browsersOf(person)).toEqual(browsers);
    expect(await findLinkToken("reset-password", token)).not.toBeNull();
    expect(await eventsOf(person)).not.toContain("password-changed");
    expect(await db.outboxEmail.count()).toBe(0);
  });

  it("leaves no session behind a lock that comes at the same moment, and none fails", async () => {
    const person = await newPerson();
    const home = await atHome(person);
    await Promise.all([change(home), db.$transaction((tx) => lock(person.id, "owner", tx))]);
    expect(await sessionsOf(person)).toBe(0);
    expect(await browsersOf(person)).toHaveLength(0);
  });

  itOnce("is done ten times a day at most, for one account", async () => {
    const person = await newPerson();
    const { perAccount } = PASSWORD_CHANGE_LIMITS;
    const passwords = [
      PASSWORD,
      ...Array.from({ length: perAccount + 1 }, (_, n) => `${NEW_PASSWORD} ${n % 2}`),
    ];
    for (let n = 0; n < perAccount; n++)
      expect(await change(await atHome(person), passwords[n], passwords[n + 1])).toMatchObject({ ok: true });
    const home = await atHome(person);
    const refused = await change(home, passwords[perAccount], passwords[perAccount + 1]);
    expect(refused).toMatchObject({ reason: "throttled", of: "attempts" });
    expect(await findSession(home.token)).not.toBeNull();
    expect(await change(await atHome(await newPerson()))).toMatchObject({ ok: true });
  });
});

describe("setFirstPassword", () => {
  async function withoutPassword() {
    const person = await newPerson();
    const home = await atHome(person);
    await db.user.update({ where: { id: person.id }, data: { passwordHash: null } });
    return { person, home };
  }

  const set = ({ asker, client }: Home, password = NEW_PASSWORD) =>
    setFirstPassword(asker, { password }, client);

  it("gives an account a password, ends the other sessions and tells the owner", async () => {
    const { person, home } = await withoutPassword();
    expect(await hasPassword(person.id)).toBe(false);
    const elsewhere = await openSession(person.id, true, newClient());
    expect(await set(home)).toMatchObject({ ok: true, session: { userId: person.id } });
    expect(await hasPassword(person.id)).toBe(true);
    expect(await findSession(elsewhere.token)).toBeNull();
    const { text } = await emailTo(person.email, "password-set", mailbox);
    expect(text).toContain("/lock-account?token=");
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  itOnce("refuses an account that has one, and a weak one", async () => {
    const person = await newPerson();
    const hash = await hashOf(person);
    expect(await set(await atHome(person))).toEqual({ ok: false, reason: "refused" });
    expect(await hashOf(person)).toBe(hash);
    const { home } = await withoutPassword();
    expect(await set(home, "password123")).toMatchObject({ reason: "weak-password" });
  });

  it("has one winner of two at once", async () => {
    const { person, home } = await withoutPassword();
    const outcomes = await Promise.all([set(home), set(home, `${NEW_PASSWORD} 2`)]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await sessionsOf(person)).toBe(1);
  });
});
