import { linkIn } from "../lib/testing/mail-sink";
import {
  expect,
  expectFieldError,
  field,
  fillIn,
  heading,
  newStranger,
  press,
  register,
  testWithMail,
} from "./fixtures";
import { siteOn } from "./support/sites";
import { send, textOf, Visitor } from "./support/visitor";

/** With a sign that means something in HTML and in the header of an email. */
const NAME = "Key & Sons Locksmiths";

/** Those that `npm start` keeps in memory for browsers that have no cookie of ours. */
const PAGES = ["/", "/login", "/register", "/forgot-password"];

const test = testWithMail.extend({
  server: ({ sharedServer, mailbox }, use) => {
    const own = { APP_NAME: NAME, MAIL_FROM: "accounts@example.com", PASSWORD_MIN_LENGTH: "15" };
    return sharedServer({ ...mailbox.settings, ...own }).then(use);
  },
});

test("under another name no page and no email says Latchkey", async ({ page, server, mailbox, loggedIn }) => {
  for (const path of [
    "/",
    "/login",
    "/register",
    "/forgot-password",
    "/verify-email",
    "/nowhere",
    "/lock-account",
  ]) {
    await page.goto(path);
    await expect(page).toHaveTitle(new RegExp(NAME));
    expect(await page.content(), path).not.toMatch(/Latchkey(?!-)/);
  }
  await loggedIn();
  for (const path of ["/", "/account", "/account/email"]) {
    await page.goto(path);
    await expect(page).toHaveTitle(new RegExp(NAME));
    expect(await page.content(), path).not.toMatch(/Latchkey(?!-)/);
  }

  const person = await register(new Visitor(server.origin));
  const email = await mailbox.latest(person.email, "verify-email");
  for (const text of [email.text, email.html]) expect(text).not.toContain("Latchkey");
  expect(email.text).toContain(NAME);
  await page.context().clearCookies();
  await page.goto(linkIn(email));
  expect(await page.content()).not.toMatch(/Latchkey(?!-)/);
});

test("a password that is the name is refused, by the meter and by the server", async ({ page }) => {
  await page.goto("/register");
  const { username, email } = newStranger();
  await fillIn(page, {
    Username: username,
    Email: email,
    Password: NAME,
    "Confirm password": NAME,
  });
  await press(page, "Register");
  await expect(heading(page, "Register")).toBeVisible();
  await expect(
    page.getByText("That password is the name of this site or close to it.").first(),
  ).toBeVisible();
});

test("a page that needs no script carries the name too", async ({ server }) => {
  const { body, status } = await send(`${server.origin}/login`, {
    method: "POST",
    headers: {
      "content-type": "multipart/form-data; boundary=x",
      origin: server.origin,
      "content-length": "5",
    },
    body: "--x\r\n",
  });
  expect(status).toBe(400);
  expect(body).toContain("Key &amp; Sons Locksmiths");
  expect(body).not.toContain("Latchkey");
});

test("two starts of one build with other settings say each its own words", async ({
  server,
  databaseKind,
  serverKind,
}) => {
  for (const [{ origin }, name, least, mails] of [
    [server, NAME, "15 characters", true],
    [siteOn({ databaseKind, serverKind }), "Latchkey", "8 characters", false],
  ] as const) {
    const visitor = new Visitor(origin);
    for (let visit = 0; visit < 2; visit++) {
      const [home, login, register, forgot] = await Promise.all(PAGES.map((path) => visitor.get(path)));
      expect(textOf(home?.body ?? "")).toContain(`Welcome to ${name}`);
      expect(textOf(home?.body ?? "").includes("If you forget your password")).toBe(mails);
      expect(textOf(login?.body ?? "").includes("Forgot password?")).toBe(mails);
      expect(textOf(register?.body ?? "")).toContain(least);
      expect(forgot?.status).toBe(mails ? 200 : 404);
    }
  }
});

test("another minimum holds in the browser, on the server and in the hint", async ({ server, page }) => {
  await page.goto("/register");
  await expect(page.getByText("At least 15 characters.")).toBeVisible();
  await expect(field(page, "Password")).toHaveAttribute("minlength", "15");
  await fillIn(page, { Password: "blue kettle 42" });
  await expect(page.locator("[data-strength]")).toContainText("Too short.");
  await press(page, "Register");
  await expectFieldError(page, "Password", "Use at least 15 characters.");

  const { username, email } = newStranger();
  const tooShort = { username, email, password: "blue kettle 42", confirmation: "blue kettle 42" };
  const answer = await new Visitor(server.origin).submit("/register", tooShort);
  expect(textOf(answer.body)).toContain("Use at least 15 characters.");
});
