import type { BrowserContext } from "playwright/test";
import { type Database, toDate } from "../lib/testing/look-in";
import {
  announced,
  cookieIn,
  enter,
  expect,
  expectFieldError,
  field,
  fillIn,
  fillInLogin,
  heading,
  isLoggedIn,
  type Member,
  navigation,
  press,
  SESSION_COOKIE,
  sessionToken,
  testWithMail as test,
  tryLogIn,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { fullName } from "./support/cookie-jar";
import { textOf, Visitor } from "./support/visitor";

/** What a deletion that began just now is told by. */
function asked(): string {
  const day = new Date(Date.now() + 14 * 24 * 3600 * 1000);
  const inWords = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(day);
  return `Your account is deleted on ${inWords}, and every device is logged out.`;
}
const KEEP = "Keep your account?";

/** Logs someone in where this context's pages open. */
async function openIn(context: BrowserContext, database: Database, person: Member, url: string) {
  const value = await enter(database, new Visitor(url), person);
  await context.addCookies([{ name: fullName(url, SESSION_COOKIE), value, url }]);
}

/** The form as a browser without a script sends it. */
const askFor = (visitor: Visitor, username: string | undefined, password: string | undefined) =>
  visitor.submit("/account/delete", { username, password });

/** When this account is erased; null: never. */
async function deleteAtOf(database: Database, { id }: Member): Promise<Date | null> {
  const [row] = await database.query<{ deleteAt: unknown }>(
    'SELECT "deleteAt" FROM "User" WHERE "id" = ?',
    id,
  );
  return row?.deleteAt ? toDate(row.deleteAt) : null;
}

/** As though its owner had asked for it by the form. */
const markForDeletion = (database: Database, { id }: Member) =>
  database.query('UPDATE "User" SET "deleteAt" = ? WHERE "id" = ?', new Date("2099-12-10T14:05:00Z"), id);

test("someone deletes their account, which logs every device out, and keeps it after all where they were going", async ({
  page,
  browser,
  server,
  mailbox,
  context,
  registered,
  database,
}) => {
  const person = await registered({ isVerified: true });
  await openIn(context, database, person, server.origin);
  const elsewhere = await browser.newContext({ baseURL: server.origin });
  await openIn(elsewhere, database, person, server.origin);
  const other = await elsewhere.newPage();
  await other.goto("/account/email");

  await page.goto("/account");
  await page
    .getByRole("navigation", { name: "Account sections" })
    .getByRole("link", { name: "Delete account" })
    .click();
  await expect(page.locator("main input[autocomplete=username]"), "for password managers").toHaveValue(
    person.email,
  );
  await fillIn(page, { "Your username": "somebody-else", Password: person.password });
  await press(page, "Delete my account");
  await expectFieldError(page, "Your username", `That is not your username: it is ${person.username}.`);
  await fillIn(page, { "Your username": person.username, Password: "open-sesame, a wrong guess" });
  await press(page, "Delete my account");
  await expectFieldError(page, "Password", "That is not your password.");
  await expect(field(page, "Your username"), "what was typed").toHaveValue(person.username);
  await expectNoBarriers(page);
  await field(page, "Password").fill(person.password);
  await press(page, "Delete my account");
  await expect(announced(page, "status", asked())).toBeVisible();
  await expect(page).toHaveURL("/login");
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toBeVisible();

  await other.reload();
  await expect(other).toHaveURL(/\/login\?callbackUrl=%2Faccount%2Femail$/);
  const { text } = await mailbox.latest(person.email, "deletion-requested");
  const deleteAt = await deleteAtOf(database, person);
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  expect(text).toContain(`on ${day.format(deleteAt ?? 0)} at`);

  // Back where they were going, remembered, by the question in between.
  await fillInLogin(other, person);
  await other.getByLabel("Remember me").check();
  await press(other, "Log in");
  await expect(heading(other, KEEP)).toBeVisible();
  await expect(other.locator("main time")).toHaveAttribute("datetime", deleteAt?.toISOString() ?? "");
  await expectNoBarriers(other);
  await other.goto("/account/history");
  await expect(heading(other, KEEP), "nothing else opens").toBeVisible();
  await press(other, "Keep my account");
  await expect(announced(other, "status", "Your account stays.")).toBeVisible();
  await expect(other).toHaveURL("/account/history");
  await expect(other.getByText("Your account was kept, and is not deleted")).toBeVisible();
  expect((await cookieIn(elsewhere, SESSION_COOKIE))?.expires, "remembered").toBeGreaterThan(
    Date.now() / 1000 + 20 * 24 * 60 * 60,
  );
  expect(await deleteAtOf(database, person)).toBeNull();
  await mailbox.latest(person.email, "account-kept");
  await elsewhere.close();
});

test("nothing but the username and the password in the act deletes an account, each in its owner's browser", async ({
  visitor,
  server,
  registered,
  database,
  enter,
}) => {
  const person = await registered();
  const { username, password } = person;
  for (const path of ["/account/delete", "/keep-account?callbackUrl=/account"])
    expect((await visitor.follow(path)).path, path).toMatch(/^\/login\?callbackUrl=/);
  await enter(visitor, person);
  for (const [name, typedPassword] of [
    [undefined, password],
    ["", password],
    [username, undefined],
    [username, ""],
    [` ${username}x`, password],
    [username, `${password} `],
    [username, "x".repeat(100_000)],
    ["<script>alert(1)</script>", password],
  ] as const) {
    const { status, body, location } = await askFor(visitor, name, typedPassword);
    expect([status, location], `${name}, ${typedPassword}`.slice(0, 80)).toEqual([200, null]);
    expect(body).toContain('aria-invalid="true"');
    expect(body).not.toContain(password);
  }
  expect(await isLoggedIn(visitor)).toBe(true);

  // A form that was open when somebody else logged in here.
  const form = await visitor.get("/account/delete");
  const another = await registered();
  await enter(visitor, another);
  const { body } = await visitor.send("/account/delete", form, { username, password });
  expect(textOf(body)).toContain(`this page was opened for another account, and you are logged in as`);
  for (const { id } of [person, another]) expect(await deleteAtOf(database, { id } as Member)).toBeNull();

  // Pressed twice: the second press comes with a session that the first has ended, and is told the same.
  const owner = new Visitor(server.origin);
  await enter(owner, person);
  const token = sessionToken(owner);
  const once = await owner.get("/account/delete");
  const first = await owner.send("/account/delete", once, { username, password });
  owner.cookies.set(SESSION_COOKIE, token);
  const second = await owner.send("/account/delete", once, { username, password });
  expect([first.location, second.location]).toEqual([`${server.origin}/login`, `${server.origin}/login`]);
  expect(textOf((await owner.get("/login")).body)).toContain(asked());
});

test("a login to an account that is to be deleted opens the question and a log-out, and nothing else", async ({
  visitor,
  server,
  registered,
  database,
  enter,
}) => {
  const { origin } = server;
  const person = await registered();
  await markForDeletion(database, person);
  const wrong = await tryLogIn(visitor, { ...person, password: "open-sesame, a wrong guess" });
  expect(textOf(wrong.body), "a stranger is told nothing").toContain("Login Unsuccessful");

  const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body);
  const post = (headers = {}) =>
    visitor.request("/api/auth/callback/credentials", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin, ...headers },
      body: String(
        new URLSearchParams({
          csrfToken,
          email: person.email,
          password: person.password,
          callbackUrl: "/account/data",
        }),
      ),
    });
  const question = `${origin}/keep-account?callbackUrl=%2Faccount%2Fdata`;
  const answer = await post();
  expect([answer.status, answer.location]).toEqual([303, question]);
  expect(JSON.parse((await post({ "x-auth-return-redirect": "1" })).body)).toEqual({ url: question });
  expect((await visitor.get("/api/auth/session")).body, "to scripts nobody is logged in").toBe("null");
  for (const path of [
    "/account",
    "/account/data/file",
    "/account/history.csv",
    "/account/delete",
    "/login",
  ]) {
    const opened = await visitor.follow(path);
    expect(textOf(opened.page.body), path).toContain(KEEP);
    expect(opened.page.body, path).not.toContain(person.email);
  }
  expect((await visitor.follow("/login?callbackUrl=%2Faccount%2Fdata")).path).toBe(
    new URL(question).pathname + new URL(question).search,
  );
  expect(textOf((await visitor.get("/")).body), "home is a visitor's").not.toContain(person.username);

  // The form of the question does nothing for anybody else who has logged in here since.
  const form = await visitor.get("/keep-account?callbackUrl=//evil.example");
  const waiting = sessionToken(visitor);
  const another = await registered();
  await markForDeletion(database, another);
  await enter(visitor, another);
  const stale = await visitor.send(
    "/keep-account",
    form,
    { callbackUrl: "/" },
    { button: "Keep my account" },
  );
  expect(textOf(stale.body)).toContain("this page was opened for another account");
  expect(await deleteAtOf(database, another)).not.toBeNull();

  // "No" logs out and changes nothing else.
  visitor.cookies.set(SESSION_COOKIE, waiting);
  const no = await visitor.send("/keep-account", form, {}, { button: "No, log out" });
  expect(no.location).toBe(`${origin}/`);
  expect(textOf((await visitor.get("/")).body)).toContain("Until then you can log in and keep it.");
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
  expect((await visitor.follow("/keep-account")).path).toMatch(/^\/login/);
  expect(await deleteAtOf(database, person)).not.toBeNull();

  // "Yes", pressed twice, leads on once and for all, on this site.
  await enter(visitor, person);
  const token = sessionToken(visitor);
  const again = await visitor.get("/keep-account?callbackUrl=//evil.example");
  const keep = () => visitor.send("/keep-account", again, {}, { button: "Keep my account" });
  expect((await keep()).location).toBe(`${origin}/`);
  const opened = sessionToken(visitor);
  visitor.cookies.set(SESSION_COOKIE, token);
  expect((await keep()).location).toBe(`${origin}/`);
  expect(sessionToken(visitor)).toBe(opened);
  expect(opened).not.toBe(token);
  expect(await isLoggedIn(visitor)).toBe(true);
  expect((await visitor.follow("/keep-account?callbackUrl=/account/data")).path).toBe("/account/data");
  expect(await deleteAtOf(database, person)).toBeNull();
});
