import type { BrowserContext } from "playwright/test";
import type { Database } from "../lib/testing/look-in";
import {
  announced,
  enter,
  expect,
  expectFieldError,
  field,
  fillIn,
  isLoggedIn,
  type Member,
  press,
  SESSION_COOKIE,
  sessionToken,
  test as story,
  testWithMail as test,
  tryLogIn,
} from "./fixtures";
import { fullName } from "./support/cookie-jar";
import { linesFor, newAddress, textOf, Visitor } from "./support/visitor";

const CHANGED = "Your password is changed, and every other device is logged out.";
const NEW_PASSWORD = "open-sesame quite another password";

/** The form as a browser without a script sends it. */
const change = (
  visitor: Visitor,
  currentPassword: string,
  password = NEW_PASSWORD,
  confirmation = password,
) => visitor.submit("/account/password", { currentPassword, password, confirmation });

/** Logs someone in where this context's pages open. */
async function openIn(context: BrowserContext, database: Database, person: Member, url: string) {
  const value = await enter(database, new Visitor(url), person);
  await context.addCookies([{ name: fullName(url, SESSION_COOKIE), value, url }]);
  return value;
}

test("someone changes their password, which logs every other device out at its next page, and is told by email", async ({
  page,
  browser,
  server,
  mailbox,
  context,
  registered,
  database,
}) => {
  const person = await registered({ isVerified: true });
  const token = await openIn(context, database, person, server.origin);
  const elsewhere = await browser.newContext({ baseURL: server.origin });
  await openIn(elsewhere, database, person, server.origin);
  const other = await elsewhere.newPage();
  await other.goto("/account");
  await expect(other.getByRole("heading", { name: "Profile" })).toBeVisible();

  await page.goto("/account");
  await page
    .getByRole("navigation", { name: "Account sections" })
    .getByRole("link", { name: "Password" })
    .click();
  const names = page.locator("main input[autocomplete=username]");
  await expect(names, "for password managers").toHaveValue(person.email);
  await expect(field(page, "Current password")).toHaveAttribute("autocomplete", "current-password");
  for (const label of ["New password", "Confirm password"])
    await expect(field(page, label)).toHaveAttribute("autocomplete", "new-password");
  const typed = { "New password": NEW_PASSWORD, "Confirm password": NEW_PASSWORD };
  await fillIn(page, { "Current password": "open-sesame, a wrong guess", ...typed });
  await press(page, "Change password");
  await expectFieldError(page, "Current password", "That is not your password.");
  await expect(field(page, "New password"), "no password comes back").toHaveValue("");
  await fillIn(page, { "Current password": person.password, ...typed });
  await press(page, "Change password");
  await expect(announced(page, "status", CHANGED)).toBeVisible();
  await expect(page).toHaveURL("/account/password");
  expect((await context.cookies()).map(({ value }) => value)).not.toContain(token);

  await other.reload();
  await expect(other).toHaveURL(/\/login\?callbackUrl=%2Faccount$/);
  await expect(announced(other, "status", "Please log in to access this page.")).toBeVisible();
  await elsewhere.close();
  const { text } = await mailbox.latest(person.email, "password-changed");
  expect(text).toContain("All other devices have been logged out.");
});

test("nothing but the present password and a good new one changes it", async ({
  server,
  database,
  registered,
  enter,
}) => {
  const person = await registered();
  const address = newAddress();
  const visitor = new Visitor(server.origin, { "x-forwarded-for": address });
  const { password } = person;
  await enter(visitor, person);
  const token = sessionToken(visitor);
  const seventy3 = "x".repeat(73);
  for (const [values, message] of [
    [["", NEW_PASSWORD], "Enter your password."],
    [[password, ""], "Choose a password."],
    [[password, NEW_PASSWORD, ""], "Type the password again."],
    [[password, NEW_PASSWORD, `${NEW_PASSWORD} `], "The two passwords differ."],
    [[password, "seven77"], "Use at least 8 characters."],
    [[password, seventy3], "Use at most 72 bytes"],
    [[password, "sunshine"], "among the most common ones"],
    [[password, person.email], "your username"],
    [[password, password], "That is the password you have."],
    [[`${password} `, NEW_PASSWORD], "That is not your password."],
  ] as const) {
    const [current, ...chosen] = values;
    const answer = await change(visitor, current, ...chosen);
    expect(answer.status, message).toBe(200);
    expect(textOf(answer.body)).toContain(message);
    for (const typed of [password, NEW_PASSWORD, seventy3]) expect(answer.body).not.toContain(`"${typed}"`);
  }
  expect(sessionToken(visitor)).toBe(token);
  expect((await tryLogIn(new Visitor(server.origin), person)).location).toBe(`${server.origin}/`);

  // As though there were three more wrong guesses, without the work of comparing them.
  const guessed = 'UPDATE "LoginBackoff" SET "failures" = "failures" + 3 WHERE "key" LIKE ?';
  await database.query(guessed, `pair:%:${address}`);
  await change(visitor, "a wrong guess");
  const answer = await change(visitor, password);
  expect(textOf(answer.body)).toContain("Too many attempts.");
  expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
});

test("a change pressed twice is done once, and both answers leave the browser logged in", async ({
  server,
  visitor,
  mailbox,
  registered,
  enter,
}) => {
  const person = await registered({ isVerified: true });
  const token = await enter(visitor, person);
  const opened = await visitor.follow("/account/password");
  const values = { currentPassword: person.password, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
  const first = await visitor.send(opened.path, opened.page, values);
  visitor.cookies.set(SESSION_COOKIE, token); // the second press leaves before the first answer is there
  const second = await visitor.send(opened.path, opened.page, values);
  expect(second.location).toBe(`${server.origin}/account/password`);
  expect(linesFor(second, SESSION_COOKIE)).toEqual(linesFor(first, SESSION_COOKIE));
  expect(await isLoggedIn(visitor)).toBe(true);
  await mailbox.latest(person.email, "password-changed");
  expect(mailbox.to(person.email, "password-changed")).toHaveLength(1);

  visitor.cookies.set(SESSION_COOKIE, token);
  const another = await visitor.send(opened.path, opened.page, {
    ...values,
    password: "another",
    confirmation: "another",
  });
  expect(another.location, "a form that is not the same opens nothing").toContain("/session-ended");
  expect(linesFor(another, SESSION_COOKIE)).toEqual([]);
});

test("a visitor, and a browser whose session has ended, change nothing", async ({
  server,
  visitor,
  database,
  registered,
  enter,
}) => {
  const person = await registered();
  const { page } = await visitor.follow("/account/password");
  expect(textOf(page.body)).toContain("Please log in to access this page.");
  await enter(visitor, person);
  const opened = await visitor.follow("/account/password");
  await database.query('DELETE FROM "Session" WHERE "userId" = ?', person.id);
  const { password: currentPassword } = person;
  const values = { currentPassword, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
  const answer = await visitor.send(opened.path, opened.page, values);
  expect(textOf((await visitor.follow(answer.location ?? "")).page.body)).toContain("Please log in");
  expect((await tryLogIn(new Visitor(server.origin), person)).location).toBe(`${server.origin}/`);
});

story(
  "password managers find the page that changes a password",
  {
    tag: "@next",
  },
  async ({ site, visitor, registered, enter }) => {
    const found = await visitor.get("/.well-known/change-password");
    expect(found.status).toBe(303);
    expect(found.location).toBe(`${site.origin}/account/password`);
    const { path } = await visitor.follow("/.well-known/change-password");
    expect(path).toBe(`/login?callbackUrl=${encodeURIComponent("/account/password")}`);
    await enter(visitor, await registered());
    expect((await visitor.follow("/.well-known/change-password")).page.status).toBe(200);
    const nothing = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    expect((await visitor.get(nothing)).status).toBe(404);
  },
);
