import type { Database } from "../lib/testing/look-in";
import { linkIn, type Mail } from "../lib/testing/mail-sink";
import { EMAIL_LIMITS } from "../lib/testing/product";
import {
  announced,
  expect,
  expectFieldError,
  fillIn,
  fillInLogin,
  fillInRegistration,
  heading,
  isLoggedIn,
  logIn,
  newStranger,
  type Person,
  press,
  register,
  SESSION_COOKIE,
  test as story,
  testWithMail as test,
  testWithOwnMail,
  tryLogIn,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { fullName } from "./support/cookie-jar";
import { textOf, Visitor } from "./support/visitor";

const CONFIRMED = "Your email address is confirmed.";
const UNVERIFIED = "Please confirm your email address first.";

/** The same, where a login needs a confirmed address. */
const strict = test.extend({
  server: ({ sharedServer, mailbox }, use) =>
    sharedServer({ ...mailbox.settings, REQUIRE_VERIFIED_EMAIL: "true" }).then(use),
});

const withoutScript = { tag: "@no-js" };

test("someone registers, follows the link and is confirmed", { tag: "@no-js" }, async ({
  page,
  database,
  mailbox,
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

  await page.goto(linkIn(email));
  await expect(page).toHaveURL(/\/verify-email\?link=[0-9a-f]+$/);
  await expect(page.getByText(`The account ${person.username} says`)).toBeVisible();
  expect(await isVerified(database, person)).toBe(false);
  await press(page, "Confirm this address");
  await expect(announced(page, "status", CONFIRMED)).toBeVisible();
  await expect(page.getByText("is not confirmed yet")).toHaveCount(0);
  expect(await isVerified(database, person)).toBe(true);
});

test("the link works on a device that is not logged in, and after a scanner has opened it", async ({
  page,
  server,
  database,
  mailbox,
}) => {
  const person = await register(new Visitor(server.origin));
  const link = linkIn(await mailbox.latest(person.email, "verify-email"));
  const scanner = new Visitor(server.origin);
  await scanner.follow(link);
  expect(await isVerified(database, person)).toBe(false);

  await page.goto(link);
  await press(page, "Confirm this address");
  await expect(heading(page, "Log in")).toBeVisible();
  await expect(announced(page, "status", CONFIRMED)).toBeVisible();
  await page.goto(link);
  await expect(page.getByText("That link does not work")).toBeVisible();
});

test(
  "someone types the code instead, and asks for another email",
  withoutScript,
  async ({ page, context, server, visitor, mailbox }) => {
    const person = await register(visitor);
    await logIn(visitor, person);
    await context.addCookies([
      {
        name: fullName(server.origin, SESSION_COOKIE),
        value: visitor.cookies.get(SESSION_COOKIE) ?? "",
        url: server.origin,
      },
    ]);
    await page.goto("/");
    await page.getByRole("link", { name: "Confirm it" }).click();
    await fillIn(page, { Code: "12345" });
    await press(page, "Confirm");
    await expectFieldError(page, "Code", "The code has six digits.");
    const wrong =
      codeIn(await mailbox.latest(person.email, "verify-email")) === "000000" ? "111111" : "000000";
    await fillIn(page, { Code: wrong });
    await press(page, "Confirm");
    await expect(announced(page, "alert", "That code is wrong")).toBeVisible();

    await page.goto("/account");
    const banner = page.getByRole("complementary", { name: "Email" });
    await banner.getByRole("button", { name: "Send another email" }).click();
    await expect(announced(page, "status", "We sent an email with a link and a code.")).toBeVisible();
    const code = codeIn(await mailbox.latest(person.email, "verify-email", 2));
    await fillIn(page, { Code: `${code.slice(0, 3)} ${code.slice(3)}` });
    await press(page, "Confirm");
    await expect(announced(page, "status", CONFIRMED)).toBeVisible();
    await page.goto("/verify-email");
    await expect(heading(page, "Your email is confirmed")).toBeVisible();
  },
);

test("emails opened side by side in one browser do not disturb each other", async ({
  page,
  visitor,
  mailbox,
}) => {
  const person = await register(visitor);
  await visitor.submit("/forgot-password", { email: person.email });
  await page.goto(linkIn(await mailbox.latest(person.email, "verify-email")));
  const beside = await page.context().newPage();
  await beside.goto(linkIn(await mailbox.latest(person.email, "reset-password")));
  await press(page, "Confirm this address");
  await expect(announced(page, "status", CONFIRMED)).toBeVisible();
  await fillIn(beside, { "New password": person.password, "Confirm password": person.password });
  await press(beside, "Change password");
  await expect(announced(beside, "status", "Your password has been changed.")).toBeVisible();
});

test("too many emails are refused, and the page says how long to wait", async ({
  server,
  visitor,
  mailbox,
  registered,
  enter,
}) => {
  const person = await registered();
  await enter(visitor, person);
  const another = () => visitor.submit("/", {}, { button: "Send another email" });
  for (let count = 0; count < EMAIL_LIMITS.perAddress; count++)
    expect((await another()).location).toBe(`${server.origin}/verify-email`);
  expect(textOf((await another()).body)).toMatch(/Too many attempts\. Please try again in \d+ minutes\./);
  await mailbox.latest(person.email, "verify-email", EMAIL_LIMITS.perAddress);
  expect(mailbox.to(person.email, "verify-email")).toHaveLength(EMAIL_LIMITS.perAddress);
});

test("five wrong codes end the code, and the link still works", async ({
  server,
  database,
  visitor,
  mailbox,
}) => {
  const person = await register(new Visitor(server.origin));
  const email = await mailbox.latest(person.email, "verify-email");
  const code = codeIn(email);
  const type = (typed: string) => visitor.submit("/verify-email", { email: person.email, code: typed });
  for (let tries = 0; tries < 5; tries++)
    expect(textOf((await type(code === "000000" ? "111111" : "000000")).body)).toContain(
      "That code is wrong",
    );
  expect(textOf((await type(code)).body)).toContain("That code is wrong");
  expect(await isVerified(database, person)).toBe(false);
  const { path, page } = await visitor.follow(linkIn(email));
  expect((await visitor.send(path, page, {}, { button: "Confirm this address" })).location).toBe(
    `${server.origin}/login`,
  );
  expect(await isVerified(database, person)).toBe(true);
});

testWithOwnMail(
  "an account and its email are kept together: kill -9 loses neither",
  async ({ server, database, mailbox, ownServer }) => {
    mailbox.hold();
    const person = await register(new Visitor(server.origin));
    server.kill("SIGKILL");
    await server.exit;
    mailbox.release();
    expect(mailbox.mails).toHaveLength(0);
    const again = await ownServer(server.settings);
    await database.query('UPDATE "OutboxEmail" SET "dueAt" = ?', new Date()); // the time of the killed process is over
    await mailbox.latest(person.email, "verify-email");
    expect(mailbox.mails).toHaveLength(1);
    await logIn(new Visitor(again.origin), person);
  },
);

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
    await press(page, "Confirm this address");
    await expect(heading(page, "Log in")).toBeVisible();
    const visitor = new Visitor(server.origin);
    await logIn(visitor, person);
    expect(await isLoggedIn(visitor)).toBe(true);
  },
);

strict(
  "where a confirmed address is required the message after registering says to look for the email",
  async ({ page, server }) => {
    await page.goto(`${server.origin}/register`);
    await fillInRegistration(page, newStranger());
    await press(page, "Register");
    await expect(announced(page, "status", "Check your inbox and confirm your email address")).toBeVisible();
    await expect(page.getByText("You are now able to log in")).toHaveCount(0);
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

test("the pages that confirm an address have no barriers", async ({ page, server, mailbox }) => {
  const person = await register(new Visitor(server.origin));
  await page.goto("/verify-email");
  await press(page, "Confirm");
  await expectFieldError(page, "Code", "Type the code from the email.");
  await expectNoBarriers(page);
  await page.goto("/login");
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(page.getByRole("link", { name: "Confirm it" })).toBeVisible();
  await expectNoBarriers(page);
  await page.goto(linkIn(await mailbox.latest(person.email, "verify-email")));
  await expect(page.getByRole("button", { name: "Confirm this address" })).toBeVisible();
  await expectNoBarriers(page);
});

story("without a mail server no one is asked to confirm an address", async ({ page, loggedIn }) => {
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
