import type { Database } from "../lib/testing/look-in";
import { linkIn, type Mail } from "../lib/testing/mail-sink";
import { DAY_MS, MINUTE_MS } from "../lib/testing/product";
import {
  announced,
  expect,
  expectFieldError,
  field,
  fillIn,
  fillInLogin,
  fillInRegistration,
  greetingOf,
  heading,
  isLoggedIn,
  logIn,
  type Member,
  newStranger,
  type Person,
  press,
  register,
  SESSION_COOKIE,
  test as story,
  TASKS_SECRET,
  testWithMail,
  tryLogIn,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { fullName } from "./support/cookie-jar";
import { textOf, Visitor } from "./support/visitor";

const CONFIRMED = "Your email address is confirmed.";
const UNVERIFIED = "Please confirm your email address first.";

/** Someone whose account is a row, logged in with a browser in which they have asked for the email. */
interface Asked {
  person: Member;
  visitor: Visitor;
  token: string;
  email: Mail;
}

const test = testWithMail.extend<{ asked: () => Promise<Asked> }>({
  asked: ({ visitor, mailbox, registered, enter }, use) =>
    use(async () => {
      const person = await registered({ isVerified: false });
      const token = await enter(visitor, person);
      await visitor.submit("/verify-email", {}, { button: "Send another email" });
      return { person, visitor, token, email: await mailbox.latest(person.email, "verify-email") };
    }),
});

/** The app that sends emails, where a login needs a confirmed address. */
const strict = testWithMail.extend({
  server: ({ sharedServer, mailbox }, use) =>
    sharedServer({ ...mailbox.settings, REQUIRE_VERIFIED_EMAIL: "true", TASKS_SECRET }).then(use),
});

test("someone registers, follows the link and is confirmed", { tag: "@no-js" }, async ({
  page,
  database,
  mailbox,
  javaScriptEnabled,
}) => {
  const person = newStranger();
  await page.goto("/register");
  await fillInRegistration(page, person);
  await press(page, "Register");
  await expect(announced(page, "status", "Your account has been created!")).toBeVisible();
  const email = await mailbox.latest(person.email, "verify-email");

  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(page.getByText(`${person.email} is not confirmed yet.`)).toBeVisible();
  if (javaScriptEnabled) await expectNoBarriers(page);

  await page.goto(linkIn(email));
  await expect(page).toHaveURL(/\/verify-email\?link=[0-9a-f]+$/);
  if (javaScriptEnabled) await expectNoBarriers(page);
  await expect(page.getByText(`The account ${person.username} says`)).toBeVisible();
  expect(await isVerified(database, person)).toBe(false);
  await press(page, "Confirm this address");
  await expect(announced(page, "status", CONFIRMED)).toBeVisible();
  await expect(page.getByText("is not confirmed yet")).toHaveCount(0);
  expect(await isVerified(database, person)).toBe(true);
});

test("on a device that is not logged in the link asks for the password and logs in, also after a scanner has opened it", async ({
  page,
  context,
  server,
  database,
  asked,
}) => {
  const { person, email } = await asked();
  const link = linkIn(email);
  const scanner = new Visitor(server.origin);
  await scanner.follow(link);
  expect(await isVerified(database, person)).toBe(false);

  await page.goto(link);
  await expect(field(page, "Password")).toHaveAttribute("autocomplete", "current-password");
  await press(page, "Confirm this address");
  await expectFieldError(page, "Password", "Enter your password.");
  await expectNoBarriers(page);
  await fillIn(page, { Password: "not the password" });
  await press(page, "Confirm this address");
  await expectFieldError(page, "Password", "That is not the password of this account.");
  expect(await isVerified(database, person)).toBe(false);
  await fillIn(page, { Password: person.password });
  await press(page, "Confirm this address");
  await expect(announced(page, "status", CONFIRMED)).toBeVisible();
  await expect(heading(page, greetingOf(person.username))).toBeVisible();
  await page.goto(link);
  await expect(heading(page, "Your email is confirmed")).toBeVisible();
  await context.clearCookies();
  await page.goto(link);
  await expect(page.getByText("The address is confirmed already")).toBeVisible();
});

test("someone whose address a stranger registered with has the account alone after a new password", async ({
  page,
  server,
  database,
  mailbox,
}) => {
  const stranger = new Visitor(server.origin);
  const theirs = await register(stranger);
  await logIn(stranger, theirs, true);
  const { email: elsewhere } = newStranger();
  await stranger.submit("/account/email", { email: elsewhere, password: theirs.password });
  const change = linkIn(await mailbox.latest(elsewhere, "change-email"));

  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(linkIn(await mailbox.latest(theirs.email, "verify-email")));
  await expect(page.getByText(`The account ${theirs.username} says`)).toBeVisible();
  await page.getByRole("link", { name: "Choose a new one" }).click();
  await expect(field(page, "New password")).toHaveAttribute("autocomplete", "new-password");
  await fillIn(page, { "New password": "sunshine", "Confirm password": "sunshine" });
  await press(page, "Confirm and change password");
  await expectFieldError(page, "New password", "among the most common ones");
  await expectNoBarriers(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  const password = newStranger().password;
  await fillIn(page, { "New password": password, "Confirm password": password });
  await press(page, "Confirm and change password");
  await expect(announced(page, "status", "Your email address is confirmed, and your password")).toBeVisible();

  expect(await isVerified(database, theirs)).toBe(true);
  expect(await isLoggedIn(stranger)).toBe(false);
  expect((await tryLogIn(stranger, theirs)).location).toBeNull();
  expect(textOf((await stranger.follow(change)).page.body)).toContain("This link does not work");
  await fillInLogin(page, { ...theirs, password });
  await press(page, "Log in");
  await expect(heading(page, greetingOf(theirs.username))).toBeVisible();
});

test("neither link nor code confirms an address for another browser, whatever its form says", async ({
  server,
  database,
  visitor: stranger,
  mailbox,
  registered,
  enter,
}) => {
  const person = await register(new Visitor(server.origin));
  const email = await mailbox.latest(person.email, "verify-email");
  const neighbour = await registered();
  await enter(stranger, neighbour);
  const { path, page } = await stranger.follow(linkIn(email));
  for (const password of [undefined, "", neighbour.password])
    await stranger.send(path, page, { password }, { button: "Confirm this address" });
  const code = codeIn(email);
  await stranger.submit("/verify-email", { email: person.email, code });
  const visitor = new Visitor(server.origin);
  for (const password of [undefined, "", "not the password"])
    await visitor.submit("/verify-email", { email: person.email, code, password });
  expect(await isVerified(database, person)).toBe(false);

  const [own, elsewhere] = [
    new Visitor(server.origin),
    { email: person.email, code, password: person.password },
  ];
  await own.submit("/verify-email", elsewhere);
  expect(await isVerified(database, person)).toBe(true);
  expect(await isLoggedIn(own)).toBe(true);
});

test("a form drawn for someone logged in asks for the password once they no longer are", async ({
  page,
  context,
  database,
  server,
  asked,
}) => {
  const { person, token, email } = await asked();
  const name = fullName(server.origin, SESSION_COOKIE);
  await context.addCookies([{ name, value: token, url: server.origin }]);
  await page.goto(linkIn(email));
  await expect(field(page, "Password")).toHaveCount(0);
  await database.query('DELETE FROM "Session" WHERE "userId" = ?', person.id);
  await press(page, "Confirm this address");
  await expect(announced(page, "status", "You are no longer logged in to that account here.")).toBeVisible();
  await expect(page.getByText("Type the password of that account")).toBeVisible();
  expect(await isVerified(database, person)).toBe(false);
  await fillIn(page, { Password: person.password });
  await press(page, "Confirm this address");
  await expect(announced(page, "status", CONFIRMED)).toBeVisible();
});

test("someone types the code instead, and asks for another email", async ({
  page,
  context,
  server,
  mailbox,
  asked,
}) => {
  const { person, token, email } = await asked();
  const name = fullName(server.origin, SESSION_COOKIE);
  await context.addCookies([{ name, value: token, url: server.origin }]);
  await page.goto("/");
  await page.getByRole("link", { name: "Confirm it" }).click();
  await fillIn(page, { Code: "12345" });
  await press(page, "Confirm");
  await expectFieldError(page, "Code", "The code has six digits.");
  await expectNoBarriers(page);
  const wrong = codeIn(email) === "000000" ? "111111" : "000000";
  await fillIn(page, { Code: wrong });
  await press(page, "Confirm");
  await expectFieldError(page, "Code", "That code is wrong or has expired.");

  await page.goto("/account");
  const banner = page.getByRole("complementary", { name: "Confirm your email" });
  await banner.getByRole("button", { name: "Send another email" }).click();
  await expect(announced(page, "status", "We sent an email with a link and a code.")).toBeVisible();
  const code = codeIn(await mailbox.latest(person.email, "verify-email", 2));
  await fillIn(page, { Code: `${code.slice(0, 3)} ${code.slice(3)}` });
  await press(page, "Confirm");
  await expect(announced(page, "status", CONFIRMED)).toBeVisible();
  await page.goto("/verify-email");
  await expect(heading(page, "Your email is confirmed")).toBeVisible();
  await page.goto("/verify-email?link=0123456789abcdef");
  await expect(page.getByText("This browser does not have it open.")).toBeVisible();
});

test("emails opened side by side in one browser do not disturb each other", async ({
  page,
  mailbox,
  asked,
}) => {
  const { person, visitor, email } = await asked();
  await visitor.submit("/forgot-password", { email: person.email });
  await page.goto(linkIn(email));
  const beside = await page.context().newPage();
  await beside.goto(linkIn(await mailbox.latest(person.email, "reset-password")));
  await fillIn(page, { Password: person.password });
  await press(page, "Confirm this address");
  await expect(announced(page, "status", CONFIRMED)).toBeVisible();
  await fillIn(beside, { "New password": person.password, "Confirm password": person.password });
  await press(beside, "Change password");
  await expect(announced(beside, "status", "Your password has been changed.")).toBeVisible();
});

strict(
  "where a confirmed address is required no one logs in without one, and another email comes",
  async ({ page, server, mailbox }) => {
    const person = await register(new Visitor(server.origin));
    const stranger = await tryLogIn(new Visitor(server.origin), { ...person, password: "not the password" });
    expect(textOf(stranger.body)).not.toContain(UNVERIFIED);
    await page.goto("/login");
    await fillInLogin(page, person);
    await press(page, "Log in");
    await expect(announced(page, "alert", UNVERIFIED)).toBeVisible();
    await page.getByRole("link", { name: "Type the code" }).click();
    await expect(page.getByLabel("Code")).toBeVisible();
    await page.goto(linkIn(await mailbox.latest(person.email, "verify-email", 2)));
    await fillIn(page, { Password: person.password });
    await press(page, "Confirm this address");
    await expect(announced(page, "status", CONFIRMED)).toBeVisible();
    await expect(heading(page, greetingOf(person.username))).toBeVisible();
  },
);

strict("the page that corrects an address has no barriers", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto("/correct-email");
  await press(page, "Send the email");
  await expectFieldError(page, "Username", "Enter your username, or the email address you registered with.");
  await expectNoBarriers(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

strict(
  "someone who has mistyped their address corrects it after registering, and after a login that asks to confirm it",
  async ({ page, mailbox, registered }) => {
    const person = newStranger();
    const [wrong, right] = [newStranger().email, newStranger().email];
    await page.goto("/register");
    await fillInRegistration(page, { ...person, email: wrong });
    await press(page, "Register");
    await expect(announced(page, "status", "Check your inbox and confirm your email address")).toBeVisible();
    await expect(page.getByText("You are now able to log in")).toHaveCount(0);
    await page.getByRole("link", { name: "Wrong address?" }).click();
    await expect(heading(page, "Correct your email")).toBeVisible();
    await page.goto("/login");
    await fillInLogin(page, { ...person, email: wrong });
    await press(page, "Log in");
    await expect(announced(page, "alert", UNVERIFIED)).toBeVisible();
    await page.getByRole("link", { name: "Wrong address?" }).click();

    const form = { Username: person.username, Password: person.password };
    await fillIn(page, { ...form, Password: "not the password", "Right email": right });
    await press(page, "Send the email");
    await expect(announced(page, "alert", "Check the username and the password.")).toBeVisible();
    const neighbour = await registered();
    await fillIn(page, { ...form, "Right email": neighbour.email });
    await press(page, "Send the email");
    await expectFieldError(page, "Right email", "That email is taken. Please choose a different one.");
    await fillIn(page, { ...form, "Right email": right });
    await press(page, "Send the email");
    await expect(announced(page, "status", "We sent an email with a link and a code.")).toBeVisible();

    const code = codeIn(await mailbox.latest(right, "verify-email"));
    await fillIn(page, { Email: right, Password: person.password, Code: code });
    await press(page, "Confirm");
    await expect(announced(page, "status", CONFIRMED)).toBeVisible();
    await expect(heading(page, greetingOf(person.username))).toBeVisible();
    await page.context().clearCookies();
    await page.goto(linkIn(await mailbox.latest(wrong, "verify-email")));
    await expect(heading(page, "This link does not work")).toBeVisible();
  },
);

strict(
  "a mistaken address is corrected once by a double press",
  async ({ server, visitor, mailbox, registered }) => {
    const person = await registered();
    const { email } = newStranger();
    const values = { account: person.username, password: person.password, email };
    const { path, page } = await visitor.follow("/correct-email");
    for (let press = 0; press < 2; press++)
      expect((await visitor.send(path, page, values)).location).toBe(`${server.origin}/verify-email`);
    await mailbox.latest(email, "verify-email");
    expect(mailbox.to(email, "verify-email")).toHaveLength(1);
  },
);

strict(
  "an account never confirmed lapses after seven days, and its name and address are free",
  async ({ database, visitor }) => {
    const person = await register(visitor);
    const [{ id = "" } = {}] = await database.query<{ id?: string }>(
      'SELECT "id" FROM "User" WHERE "username" = ?',
      person.username,
    );
    const isThere = async () =>
      (await database.query('SELECT "id" FROM "User" WHERE "id" = ?', id)).length === 1;
    const tasks = () => visitor.get("/api/tasks", { authorization: `Bearer ${TASKS_SECRET}` });
    const age = (ms: number) =>
      database.query('UPDATE "User" SET "createdAt" = ? WHERE "id" = ?', new Date(Date.now() - ms), id);
    await age(7 * DAY_MS - MINUTE_MS);
    await tasks();
    expect(await isThere()).toBe(true);
    await age(7 * DAY_MS + 1);
    await database.query('UPDATE "LinkToken" SET "expiresAt" = ? WHERE "userId" = ?', new Date(), id);
    await tasks();
    expect(await isThere()).toBe(false);
    await register(visitor, person);
  },
);

strict("the credentials route asks for a confirmed address too", async ({ server, visitor, registered }) => {
  const person = await registered();
  const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body);
  await visitor.request("/api/auth/callback/credentials", {
    method: "POST",
    body: new URLSearchParams({ email: person.email, password: person.password, csrfToken }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", origin: server.origin },
  });
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
});

story("without a mail server no one is asked to confirm an address", async ({ page, loggedIn }) => {
  expect((await page.goto("/correct-email"))?.status()).toBe(404);
  await loggedIn();
  await page.goto("/");
  await expect(page.getByText("not confirmed")).toHaveCount(0);
  expect((await page.goto("/verify-email"))?.status()).toBe(404);
});

function codeIn({ text }: Mail): string {
  const [, code = ""] = /^(\d{6})$/m.exec(text) ?? [];
  return code;
}

async function isVerified(database: Database, { email }: Person): Promise<boolean> {
  const rows = await database.query<{ emailVerified: unknown }>(
    'SELECT "emailVerified" FROM "User" WHERE "emailCanonical" = ?',
    email.toLowerCase(),
  );
  return rows[0]?.emailVerified !== null;
}
