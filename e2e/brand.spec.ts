import { linkIn } from "../lib/testing/mail-sink";
import { expect, fillIn, heading, newStranger, press, register, testWithMail } from "./fixtures";
import { send, Visitor } from "./support/visitor";

/** With a sign that means something in HTML and in the header of an email. */
const NAME = "Key & Sons";

const test = testWithMail.extend({
  server: ({ sharedServer, mailbox }, use) =>
    sharedServer({ ...mailbox.settings, APP_NAME: NAME, MAIL_FROM: "accounts@example.com" }).then(use),
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
    Password: "Key & Sons",
    "Confirm password": "Key & Sons",
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
  expect(body).toContain("Key &amp; Sons");
  expect(body).not.toContain("Latchkey");
});
