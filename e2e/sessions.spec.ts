import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../lib/testing/product";
import { change, hashOf, sessionRow } from "../lib/testing/session-rows";
import {
  announced,
  expect,
  FLASH_COOKIE,
  fillInLogin,
  heading,
  isLoggedIn,
  logIn,
  navigation,
  newStranger,
  press,
  SESSION_COOKIE,
  sessionToken,
  test,
  tryLogIn,
} from "./fixtures";
import { fullName } from "./support/cookie-jar";
import { newAddress, textOf, Visitor } from "./support/visitor";

const both = { tag: "@both" };

const ages = [
  {
    what: "left alone for 2 h",
    isRemembered: false,
    idle: 2 * HOUR_MS + SECOND_MS,
    age: 3 * HOUR_MS,
    lives: false,
  },
  {
    what: "remembered, in use for 30 days less a minute",
    isRemembered: true,
    idle: HOUR_MS,
    age: 30 * DAY_MS - MINUTE_MS,
    lives: true,
  },
];

for (const { what, isRemembered, idle, age, lives } of ages)
  test(
    `a session ${what} is ${lives ? "alive" : "over"}`,
    both,
    async ({ visitor, registered, database, enter }) => {
      const token = await enter(visitor, await registered(), { isRemembered });
      const { createdAt, expiresAt } = await sessionRow(database, token);
      const now = Date.now();
      await change(database, token, {
        createdAt: new Date(now - age),
        lastSeenAt: new Date(now - idle),
        expiresAt: new Date(now - age + (expiresAt.getTime() - createdAt.getTime())),
      });
      expect(await isLoggedIn(visitor)).toBe(lives);
      expect(textOf((await visitor.get("/")).body).includes("You are logged in with")).toBe(lives);
    },
  );

test("a session that is over clears the cookie and causes no redirect loop", { tag: "@servers" }, async ({
  visitor,
  registered,
  database,
  enter,
}) => {
  await enter(visitor, await registered());
  await change(database, sessionToken(visitor), { lastSeenAt: new Date(Date.now() - 3 * HOUR_MS) });
  const { path, page } = await visitor.follow("/account");
  expect([path, page.status]).toEqual(["/login?callbackUrl=%2Faccount", 200]);
  expect(textOf(page.body)).toContain("Please log in to access this page.");
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
});

for (const [path, end] of [
  ["/login", "/login?callbackUrl=%2F"],
  ["/login?callbackUrl=%2Faccount", "/login?callbackUrl=%2Faccount"],
  ["/register", "/register"],
  ["/account", "/login?callbackUrl=%2Faccount"],
] as const)
  test(`a dead cookie is cleared at ${path}, without an error`, async ({ visitor }) => {
    visitor.cookies.set(SESSION_COOKIE, "A".repeat(43));
    visitor.cookies.set(FLASH_COOKIE, "account-created");
    const opened = await visitor.follow(path);
    expect([opened.path, opened.page.status]).toEqual([end, 200]);
    expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
    // The message that waits is not lost on the way, unless another one replaces it.
    const message = path === "/account" ? "login-required" : "account-created";
    expect(opened.page.body).toContain(`data-flash="${message}"`);
  });

test("a dead cookie at home shows a visitor's page", async ({ visitor }) => {
  visitor.cookies.set(SESSION_COOKIE, "A".repeat(43));
  const { status, body } = await visitor.get("/");
  expect(status).toBe(200);
  expect(textOf(body)).not.toContain("You are logged in with");
});

test("no link ends a session that is alive", async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  const { path } = await visitor.follow("/session-ended?callbackUrl=%2Faccount");
  expect(path).toBe("/account");
  expect(await isLoggedIn(visitor)).toBe(true);
  for (const elsewhere of ["https://evil.example/login", "//evil.example/login", "/\\evil.example/login"])
    expect(
      (await visitor.get(`/session-ended?${new URLSearchParams({ callbackUrl: elsewhere })}`)).location,
    ).toBe(`${visitor.origin}/`);
});

test("someone whose session ended logs in again and goes on where they were", async ({
  page,
  loggedIn,
  database,
}) => {
  const person = await loggedIn();
  await change(database, person.token, { expiresAt: new Date(Date.now() - SECOND_MS) });
  await page.goto("/account?tab=profile");
  await expect(announced(page, "status", "Please log in to access this page.")).toBeVisible();
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toBeVisible();
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(heading(page, "Account")).toBeVisible();
  await expect(page).toHaveURL("/account?tab=profile");
});

test(
  "someone whose account was deleted is logged out",
  both,
  async ({ visitor, registered, database, enter }) => {
    const person = await registered();
    await enter(visitor, person);
    await database.query(
      'DELETE FROM "Session" WHERE "userId" IN (SELECT "id" FROM "User" WHERE "email" = ?)',
      person.email,
    );
    await database.query('DELETE FROM "User" WHERE "email" = ?', person.email);
    const home = await visitor.get("/");
    expect(home.status).toBe(200);
    expect(textOf(home.body)).not.toContain(person.username);
    await visitor.follow("/account");
    expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
    expect(textOf((await tryLogIn(visitor, person)).body)).toContain("Login Unsuccessful");
  },
);

test("deleting an account ends its sessions", both, async ({ visitor, registered, database, enter }) => {
  const person = await registered();
  await enter(visitor, person);
  const { userId } = await sessionRow(database, sessionToken(visitor));
  await database.query('DELETE FROM "User" WHERE "id" = ?', userId);
  expect(await isLoggedIn(visitor)).toBe(false);
});

const garbage = [
  ["one letter", "x"],
  ["42 letters", "A".repeat(42)],
  ["44 letters", "A".repeat(44)],
  ["letters that base64url does not have", "!".repeat(43)],
  ["SQL", "'%20OR%201=1%20--"],
  ["a self-made token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."],
  ["4 KB", "A".repeat(4000)],
  ["the hash of a token", hashOf("A")],
] as const;

for (const [what, value] of garbage)
  test(`a cookie of ${what} opens nothing and breaks nothing`, async ({ visitor }) => {
    for (const path of ["/", "/login", "/account"]) {
      visitor.cookies.set(SESSION_COOKIE, value);
      const { page } = await visitor.follow(path);
      expect(page.status, path).toBe(200);
      expect(textOf(page.body), path).not.toContain("Member since");
    }
    expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
  });

test("a cookie that no answer can clear causes no redirect loop", async ({ visitor }) => {
  const full = (name: string) => fullName(visitor.origin, name);
  const planted = `${full(SESSION_COOKIE)}=${"A".repeat(43)}`; // for a path or a domain of its own
  for (const path of ["/login", "/register", "/account"]) {
    visitor.cookies.set(FLASH_COOKIE, "account-created");
    let [at, status] = [path, 0];
    for (let redirects = 0; status !== 200 && redirects < 5; redirects++) {
      const flash = visitor.cookies.get(FLASH_COOKIE);
      const cookie = flash ? `${planted}; ${full(FLASH_COOKIE)}=${flash}` : planted;
      const answer = await visitor.get(at, { cookie });
      status = answer.status;
      at = answer.location?.slice(visitor.origin.length) ?? at;
    }
    expect(status, path).toBe(200);
  }
});

test("a cookie that cannot even be read opens nothing and breaks nothing", async ({ visitor }) => {
  visitor.cookies.set(SESSION_COOKIE, "%E0%A4%A");
  for (const path of ["/", "/login"]) expect((await visitor.get(path)).status, path).toBe(200);
  expect((await visitor.get("/account")).location).toBe(`${visitor.origin}/login?callbackUrl=%2Faccount`);
});

test("a cookie cut in pieces is not put together", async ({ visitor, registered, enter }) => {
  const token = await enter(visitor, await registered());
  visitor.cookies.delete(SESSION_COOKIE);
  visitor.cookies.set(`${SESSION_COOKIE}.0`, token.slice(0, 20));
  visitor.cookies.set(`${SESSION_COOKIE}.1`, token.slice(20));
  expect(await isLoggedIn(visitor)).toBe(false);
});

test("what the database keeps opens no session", async ({ visitor, registered, database }) => {
  await logIn(visitor, await registered());
  const token = sessionToken(visitor);
  const { tokenHash } = await sessionRow(database, token);
  expect(tokenHash).toBe(hashOf(token));
  for (const table of ["User", "Session", "Account"])
    expect(JSON.stringify(await database.query(`SELECT * FROM "${table}"`)), table).not.toContain(token);
  visitor.cookies.set(SESSION_COOKIE, tokenHash);
  expect(await isLoggedIn(visitor)).toBe(false);
});

test(
  "a login notes when, from where, with what and until when",
  both,
  async ({ site, registered, database }) => {
    const person = await registered();
    for (const [remember, lifetime] of [
      [false, DAY_MS],
      [true, 30 * DAY_MS],
    ] as const) {
      const address = newAddress();
      const visitor = new Visitor(site.origin, { "user-agent": "Lynx/2.9", "x-forwarded-for": address });
      const before = Date.now();
      await logIn(visitor, person, remember);
      const row = await sessionRow(database, sessionToken(visitor));
      expect(row.createdAt.getTime()).toBeGreaterThanOrEqual(before);
      expect(row.lastSeenAt).toEqual(row.createdAt);
      expect(row.expiresAt.getTime() - row.createdAt.getTime()).toBe(lifetime);
      expect(Boolean(row.isRemembered)).toBe(remember);
      expect(row.userAgent).toBe("Lynx/2.9");
      expect(row.ip).toBe(address);
    }
  },
);

test("an address that a visitor makes up is not noted", { tag: "@next" }, async ({
  site,
  registered,
  database,
}) => {
  const address = newAddress();
  const headers = {
    "x-forwarded-for": `203.0.113.9, ${address}`, // the right one is what the proxy in front would have added
    "x-real-ip": "203.0.113.9",
    "x-latchkey-client-address": "203.0.113.9",
  };
  const visitor = new Visitor(site.origin, headers);
  await logIn(visitor, await registered());
  expect((await sessionRow(database, sessionToken(visitor))).ip).toBe(address);
});

test("reading never moves the absolute end", async ({ visitor, registered, database, enter }) => {
  const token = await enter(visitor, await registered());
  const { expiresAt } = await sessionRow(database, token);
  await change(database, token, { lastSeenAt: new Date(Date.now() - HOUR_MS) });
  for (const path of ["/account", "/", "/api/auth/session"]) await visitor.get(path);
  expect((await sessionRow(database, token)).expiresAt).toEqual(expiresAt);
});

test("last seen is written after a minute and not before", { tag: "@next" }, async ({
  visitor,
  registered,
  database,
  enter,
}) => {
  const token = await enter(visitor, await registered());
  const recent = new Date(Date.now() - 40 * SECOND_MS);
  await change(database, token, { lastSeenAt: recent });
  await Promise.all(["/account", "/", "/account"].map((path) => visitor.get(path)));
  expect((await sessionRow(database, token)).lastSeenAt).toEqual(recent);

  const before = Date.now();
  await change(database, token, { lastSeenAt: new Date(before - 61 * SECOND_MS) });
  await visitor.get("/account");
  // It is written after the answer, so that reading a page waits for no write.
  const lastSeen = async () => (await sessionRow(database, token)).lastSeenAt.getTime();
  await expect.poll(lastSeen).toBeGreaterThanOrEqual(before);
});

test("every login makes a new session and ends the one this browser had", async ({
  visitor,
  registered,
  database,
}) => {
  const { email, password } = await registered();
  const page = await visitor.get("/login");
  const tokens: string[] = [];
  for (let login = 0; login < 3; login++) {
    await visitor.send("/login", page, { email, password });
    tokens.push(sessionToken(visitor));
  }
  expect(new Set(tokens).size).toBe(3);
  const rows = await database.query<{ tokenHash: string }>(
    'SELECT "tokenHash" FROM "Session" WHERE "userId" IN (SELECT "id" FROM "User" WHERE "email" = ?)',
    email,
  );
  expect(rows).toEqual([{ tokenHash: hashOf(tokens[2]) }]);
});

test("a cookie planted before the login is not the one after it", async ({ visitor, registered }) => {
  const planted = "P".repeat(43);
  visitor.cookies.set(SESSION_COOKIE, planted);
  const { email, password } = await registered();
  await visitor.submit("/login", { email, password });
  expect(sessionToken(visitor)).toMatch(/^[\w-]{43}$/);
  expect(sessionToken(visitor)).not.toBe(planted);
  const thief = new Visitor(visitor.origin);
  thief.cookies.set(SESSION_COOKIE, planted);
  expect(await isLoggedIn(thief)).toBe(false);
});

test("a failed login leaves the session there was", async ({ visitor, registered }) => {
  const person = await registered();
  const page = await visitor.get("/login");
  await logIn(visitor, person);
  await visitor.send("/login", page, { email: person.email, password: newStranger().password });
  expect(await isLoggedIn(visitor)).toBe(true);
});
