import { readFile } from "node:fs/promises";
import type { Database } from "../lib/testing/look-in";
import { MINUTE_MS } from "../lib/testing/product";
import { change } from "../lib/testing/session-rows";
import {
  announced,
  expect,
  expectFieldError,
  fillIn,
  isLoggedIn,
  type Member,
  press,
  SESSION_COOKIE,
  sessionToken,
  test,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { linesFor, textOf, Visitor } from "./support/visitor";

const PAGE = "/account/data";
const FILE = "/account/data/file";
const ASKED = "Type your password to go on: it is more than 15 minutes since you did.";
const NEW_PASSWORD = "open-sesame quite another password";

/** Makes the last proof of who this is older than the present needs. */
const age = (database: Database, token: string) =>
  change(database, token, { createdAt: new Date(Date.now() - 15 * MINUTE_MS) });

/** As an account that only knows a provider. */
const takePassword = (database: Database, { id }: Member) =>
  database.query('UPDATE "User" SET "passwordHash" = NULL WHERE "id" = ?', id);

test("someone downloads what is kept about them, and types their password first when it is long since they did", {
  tag: "@no-js",
}, async ({ page, database, loggedIn, javaScriptEnabled }) => {
  const person = await loggedIn();
  await age(database, person.token);
  await page.goto("/account");
  const sections = page.getByRole("navigation", { name: "Account sections" });
  await sections.getByRole("link", { name: "Your data" }).click();
  await press(page, "Download your data");
  await expectFieldError(page, "Your password", ASKED);
  if (javaScriptEnabled) await expectNoBarriers(page);
  await fillIn(page, { "Your password": "open-sesame, a wrong guess" });
  await press(page, "Download your data");
  await expectFieldError(page, "Your password", "That is not your password.");
  await fillIn(page, { "Your password": person.password });
  const saving = page.waitForEvent("download");
  await press(page, "Download your data");
  const saved = await saving;
  expect(saved.suggestedFilename()).toMatch(/^account-data-\d{4}-\d\d-\d\d\.json$/);
  const data = JSON.parse(await readFile(await saved.path(), "utf8"));
  expect(data.profile).toMatchObject({ email: person.email, username: person.username });
  expect(data.sessions).toMatchObject([{ isThisOne: true }]);

  if (!javaScriptEnabled) return; // there the browser shows the page that it has sent, and no second press is of interest
  const again = page.waitForEvent("download");
  await press(page, "Download your data");
  await again;
});

test("the file is for its owner, in a browser whose proof is recent, and for no other site", async ({
  visitor,
  site,
  database,
  registered,
  enter,
}) => {
  const stranger = await visitor.get(FILE);
  expect(stranger.location).toContain("/login");
  expect(stranger.body).not.toContain("profile");

  const person = await registered();
  await enter(visitor, person);
  const whole = await visitor.get(FILE);
  expect(whole.headers["content-type"]).toBe("application/json; charset=utf-8");
  expect(whole.headers["content-disposition"]).toMatch(/^attachment; filename="account-data-/);
  expect(whole.headers["cache-control"]).toBe("no-store");
  expect(whole.headers["cross-origin-resource-policy"]).toBe("same-origin");
  expect(whole.headers["access-control-allow-origin"]).toBeUndefined();
  expect(whole.body).toContain(person.email);
  for (const token of [sessionToken(visitor), person.password]) expect(whole.body).not.toContain(token);

  for (const from of ["cross-site", "same-site"]) {
    const led = await visitor.get(FILE, { "sec-fetch-site": from });
    expect(led.location, from).toBe(site.origin + PAGE);
    expect(led.body).toBe("");
  }
  for (const method of ["POST", "PUT", "DELETE"])
    expect((await visitor.request(FILE, { method })).status).toBeGreaterThanOrEqual(400);

  for (let copies = 1; copies < 10; copies++) await visitor.get(FILE);
  expect((await visitor.get(FILE)).location).toBe(site.origin + PAGE);
  expect(textOf((await visitor.get(PAGE)).body)).toContain("You downloaded your data several times.");

  await age(database, sessionToken(visitor));
  const old = await visitor.get(FILE);
  const asks = `/account/re-authenticate?callbackUrl=${encodeURIComponent(PAGE)}`;
  expect(old.location).toBe(site.origin + asks);
  expect(old.body).not.toContain(person.email);
});

test("a proof leads on to where it was asked for, counts wrong passwords, and gives a new session", async ({
  visitor,
  site,
  database,
  registered,
  enter,
}) => {
  const person = await registered();
  const { password } = person;
  const token = await enter(visitor, person, { isRemembered: true });
  await age(database, token);
  const { path, page } = await visitor.follow(FILE);
  expect(textOf(page.body)).toContain("Confirm that it is you");
  for (const wrong of ["", "a wrong guess"]) {
    const refused = await visitor.send(path, page, { password: wrong });
    expect(textOf(refused.body)).toMatch(/Enter your password\.|That is not your password\./);
    expect(linesFor(refused, SESSION_COOKIE)).toEqual([]);
  }
  const first = await visitor.send(path, page, { password });
  expect(first.location).toBe(site.origin + PAGE);
  expect(linesFor(first, SESSION_COOKIE).join()).toMatch(/expires|max-age/i);
  visitor.cookies.set(SESSION_COOKIE, token); // pressed twice
  const second = await visitor.send(path, page, { password });
  expect(second.location).toBe(site.origin + PAGE);
  expect(sessionToken(visitor)).not.toBe(token);
  expect((await visitor.get(FILE)).status).toBe(200);
  const copied = new Visitor(site.origin);
  copied.cookies.set(SESSION_COOKIE, token);
  expect(await isLoggedIn(copied)).toBe(false);

  for (const callbackUrl of ["//evil.example", "/account/re-authenticate"]) {
    const opened = await visitor.follow("/account/re-authenticate");
    const answer = await visitor.send(opened.path, opened.page, { password, callbackUrl });
    expect(answer.location, callbackUrl).toBe(`${site.origin}/`);
  }
  const { page: asking } = await visitor.follow("/account/re-authenticate");
  for (let guesses = 0; guesses < 5; guesses++)
    await visitor.send("/account/re-authenticate", asking, { password: `guess ${guesses}` });
  const waiting = await visitor.send("/account/re-authenticate", asking, { password });
  expect(textOf(waiting.body)).toContain("Too many attempts.");
  expect(Number(waiting.headers["retry-after"])).toBeGreaterThan(0);
});

test("an account without a password gets a first one, soon after the login alone", async ({
  page,
  visitor,
  site,
  database,
  loggedIn,
}) => {
  const person = await loggedIn();
  visitor.cookies.set(SESSION_COOKIE, person.token);
  await takePassword(database, person);
  const typed = { password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
  const opened = await visitor.follow("/account/password");
  await age(database, person.token);
  const late = await visitor.send(opened.path, opened.page, typed);
  expect(late.location).toContain("/account/re-authenticate");
  await page.goto("/account/password");
  await expect(page.getByText("Your account has no password.")).toBeVisible();
  await expectNoBarriers(page);

  await change(database, person.token, { createdAt: new Date() });
  await page.goto("/account/password");
  await expectNoBarriers(page);
  await fillIn(page, { "New password": NEW_PASSWORD, "Confirm password": NEW_PASSWORD });
  await press(page, "Set password");
  await expect(announced(page, "status", "Your account has a password now")).toBeVisible();
  expect((await visitor.send(opened.path, opened.page, typed)).location).toContain("/session-ended");
  const other = new Visitor(site.origin);
  const { email } = person;
  expect((await other.submit("/login", { email, password: NEW_PASSWORD })).location).toBe(`${site.origin}/`);
});

test("the page that asks for the password has no barriers", async ({ page, loggedIn }) => {
  await loggedIn();
  await page.goto("/account/re-authenticate");
  await press(page, "Go on");
  await expectFieldError(page, "Password", "Enter your password.");
  await expectNoBarriers(page);
  await page.goto("/account/password");
  await press(page, "Change password");
  await expectFieldError(page, "Current password", "Enter your password.");
  await expectNoBarriers(page);
});
