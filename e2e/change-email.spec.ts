import {
  announced,
  expect,
  expectFieldError,
  fillIn,
  fillInLogin,
  heading,
  isLoggedIn,
  logIn,
  newUser,
  type Person,
  press,
  register,
  test as story,
  testWithMail as test,
  tryLogIn,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { openDatabase } from "./support/database";
import { linkIn, type Mailbox } from "./support/mailbox";
import type { AppServer } from "./support/server";
import { type Reply, textOf, Visitor } from "./support/visitor";

const ASKED = "A letter is on its way to the new address.";
const CHANGED = "Your email address is changed.";
const RESTORED = "Your address is back";

const withoutScript = { tag: "@no-js" };

test(
  "someone changes their address: with the password, and not before the new one is confirmed",
  withoutScript,
  async ({ page, server, mailbox }) => {
    const person = await register(new Visitor(server.origin));
    const { email } = newUser();
    await page.goto("/account/email");
    await fillInLogin(page, person);
    await press(page, "Log in");
    await expect(page).toHaveURL("/account/email");
    const link = (name: string) => page.getByRole("link", { name, exact: true });
    await expect(link("Email")).toHaveAttribute("aria-current", "page");
    await expect(link("Account")).toHaveAttribute("aria-current", "true");
    await expect(link("Profile")).not.toHaveAttribute("aria-current");

    await fillIn(page, { "New email": email, "Current password": "not the password" });
    await press(page, "Send the letter");
    await expectFieldError(page, "Current password", "That is not your password.");
    await fillIn(page, { "New email": person.email, "Current password": person.password });
    await press(page, "Send the letter");
    await expectFieldError(page, "New email", "That is your address already.");
    await fillIn(page, { "New email": email, "Current password": person.password });
    await press(page, "Send the letter");
    await expect(announced(page, "status", ASKED)).toBeVisible();
    await mailbox.latest(person.email, "email-change-requested");
    expect(mailbox.to(person.email, "change-email")).toHaveLength(0);

    await page.goto(linkIn(await mailbox.latest(email, "change-email")));
    await expect(page).toHaveURL("/change-email");
    await expect(page.getByText(`the account ${person.username} has the address ${email}`)).toBeVisible();
    expect(await emailOf(server, person)).toBe(person.email);
    await press(page, "Use this address");
    await expect(announced(page, "status", CHANGED)).toBeVisible();
    await expect(page).toHaveURL("/account");
    await expect(page.getByText(email)).toBeVisible();
    await mailbox.latest(person.email, "email-changed");

    const visitor = new Visitor(server.origin);
    expect((await tryLogIn(visitor, person)).location).toBeNull();
    await logIn(visitor, { ...person, email });
  },
);

test(
  "whoever finds their address changed takes it back, and every device is logged out",
  withoutScript,
  async ({ page, server, mailbox }) => {
    const { person, thief, email } = await robbed(server, mailbox);
    const link = linkIn(await mailbox.latest(person.email, "email-changed"));
    const scanner = new Visitor(server.origin);
    await scanner.get(link);
    await scanner.get("/restore-email");
    expect(await emailOf(server, person)).toBe(email);
    expect(await isLoggedIn(thief)).toBe(true);

    await page.goto(link);
    await expect(page).toHaveURL("/restore-email");
    await press(page, "Take my address back");
    await expect(announced(page, "status", RESTORED)).toBeVisible();
    expect(await emailOf(server, person)).toBe(person.email);
    expect(await isLoggedIn(thief)).toBe(false);
    for (const address of [email, person.email])
      expect((await tryLogIn(thief, { ...person, email: address })).location).toBeNull();
    await mailbox.latest(email, "email-restored");
    await page.goto(linkIn(await mailbox.latest(person.email, "reset-password")));
    await expect(heading(page, "Choose a new password")).toBeVisible();
    await page.goto(link);
    await expect(heading(page, "This link does not work")).toBeVisible();
  },
);

test("an address never confirmed takes nothing back: its letter has no link", async ({ server, mailbox }) => {
  const owner = new Visitor(server.origin);
  const person = await register(owner);
  await logIn(owner, person);
  const { email } = newUser();
  await ask(owner, person, email);
  await opened(owner, linkIn(await mailbox.latest(email, "change-email")), "/change-email");
  await owner.submit("/change-email", {}, { button: "Use this address" });
  const { text } = await mailbox.latest(person.email, "email-changed");
  expect(text).toContain("never confirmed");
  expect(text).not.toContain("http");
});

test("the link works where nobody is logged in, once, and after a scanner has been there", async ({
  server,
  mailbox,
}) => {
  const owner = new Visitor(server.origin);
  const person = await register(owner);
  await logIn(owner, person);
  const { email } = newUser();
  await ask(owner, person, email);
  const link = linkIn(await mailbox.latest(email, "change-email"));
  const scanner = new Visitor(server.origin);
  await scanner.get(link);
  await scanner.get("/change-email");
  expect(await emailOf(server, person)).toBe(person.email);

  const [one, two] = [new Visitor(server.origin), new Visitor(server.origin)];
  const pages = [await opened(one, link, "/change-email"), await opened(two, link, "/change-email")] as const;
  const answers = await Promise.all([
    one.send("/change-email", pages[0], {}, { button: "Use this address" }),
    two.send("/change-email", pages[1], {}, { button: "Use this address" }),
  ]);
  expect(answers.filter(({ location }) => location === `${server.origin}/login`)).toHaveLength(1);
  expect(await emailOf(server, person)).toBe(email);
  const late = new Visitor(server.origin);
  expect(textOf((await opened(late, link, "/change-email")).body)).toContain("This link does not work");
  expect(await isLoggedIn(owner)).toBe(true);
});

test("a taken address gets the same answer, and its owner the letter", async ({ server, mailbox }) => {
  const [owner, other] = [new Visitor(server.origin), new Visitor(server.origin)];
  const [person, neighbour] = [await register(owner), await register(other)];
  await logIn(owner, person);
  const [free, taken] = [
    await ask(owner, person, newUser().email),
    await ask(owner, person, neighbour.email),
  ];
  expect([taken.status, taken.location]).toEqual([free.status, free.location]);
  expect(textOf((await owner.get("/account/email")).body)).toContain(ASKED);
  await mailbox.latest(neighbour.email, "email-taken");
  expect(mailbox.to(neighbour.email, "change-email")).toHaveLength(0);
});

test("an address taken meanwhile stays with whoever has it", async ({ page, server, mailbox }) => {
  const owner = new Visitor(server.origin);
  const person = await register(owner);
  await logIn(owner, person);
  const neighbour = newUser();
  await ask(owner, person, neighbour.email);
  await register(new Visitor(server.origin), neighbour);
  await page.goto(linkIn(await mailbox.latest(neighbour.email, "change-email")));
  await press(page, "Use this address");
  await expect(announced(page, "alert", "That address belongs to another account by now.")).toBeVisible();
  expect(await emailOf(server, person)).toBe(person.email);
});

test("links for another purpose, and links too old, open nothing", async ({ server, mailbox }) => {
  const { person, email, change } = await robbed(server, mailbox);
  const back = linkIn(await mailbox.latest(person.email, "email-changed"));
  const secret = (link: string) => new URL(link, server.origin).search;
  const visitor = new Visitor(server.origin);
  for (const link of [`/change-email${secret(back)}`, `/restore-email${secret(change)}`])
    expect(textOf((await opened(visitor, link, link.replace(/\?.*/, ""))).body)).toContain(
      "This link does not work",
    );
  const page = await opened(visitor, back, "/restore-email");
  await openDatabase(server.databaseUrl).query('UPDATE "MailToken" SET "expiresAt" = ?', new Date());
  const late = await visitor.send("/restore-email", page, {}, { button: "Take my address back" });
  expect(late.location).toBeNull();
  expect(textOf(late.body)).toContain("This link does not work");
  expect(await emailOf(server, person)).toBe(email);
});

test("an address that can be taken back is nobody else's", async ({ server, mailbox }) => {
  const { person } = await robbed(server, mailbox);
  const { username, password } = newUser();
  const reply = await new Visitor(server.origin).submit("/register", {
    username,
    email: person.email,
    password,
    confirmation: password,
  });
  expect(textOf(reply.body)).toContain("That email is taken. Please choose a different one.");
});

test("wrong passwords wait as at the login", async ({ server }) => {
  const owner = new Visitor(server.origin);
  const person = await register(owner);
  await logIn(owner, person);
  for (let guesses = 0; guesses < 5; guesses++)
    expect(textOf((await ask(owner, { password: "a wrong guess" }, newUser().email)).body)).toContain(
      "That is not your password.",
    );
  const reply = await ask(owner, person, newUser().email);
  expect(textOf(reply.body)).toContain("Too many attempts.");
  expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
});

test("the form is nobody's but the owner's", async ({ server }) => {
  const visitor = new Visitor(server.origin);
  const person = await register(visitor);
  await logIn(visitor, person);
  const page = await visitor.get("/account/email");
  await openDatabase(server.databaseUrl).query('DELETE FROM "Session"');
  const { email } = newUser();
  const reply = await visitor.send("/account/email", page, { email, password: person.password });
  expect(reply.location).toContain("/login?callbackUrl=");
  expect(await emailOf(server, person)).toBe(person.email);
});

test("the pages have no barriers", { tag: "@phone" }, async ({ page, server, mailbox }) => {
  const { person } = await robbed(server, mailbox);
  await page.goto(linkIn(await mailbox.latest(person.email, "email-changed")));
  await expect(heading(page, "Take your address back?")).toBeVisible();
  await expectNoBarriers(page);

  const other = await register(new Visitor(server.origin));
  await page.goto("/account/email");
  await fillInLogin(page, other);
  await press(page, "Log in");
  const { email } = newUser();
  await fillIn(page, { "New email": "nowhere", "Current password": "x" });
  await press(page, "Send the letter");
  await expectFieldError(page, "New email", "Enter an email address like ada@example.com.");
  await expectNoBarriers(page);
  await fillIn(page, { "New email": email, "Current password": other.password });
  await press(page, "Send the letter");
  await expect(announced(page, "status", ASKED)).toBeVisible();
  await page.goto(linkIn(await mailbox.latest(email, "change-email")));
  await expect(heading(page, "Confirm your new email")).toBeVisible();
  await expectNoBarriers(page);
});

story("without a mail server the account has no such section", async ({ page, loggedIn }) => {
  await loggedIn();
  await page.goto("/account");
  await expect(page.getByRole("navigation", { name: "Account sections" }).getByRole("link")).toHaveCount(1);
  expect((await page.goto("/account/email"))?.status()).toBe(404);
});

function ask(visitor: Visitor, { password }: Pick<Person, "password">, email: string): Promise<Reply> {
  return visitor.submit("/account/email", { email, password });
}

/** Follows a mailed link to its page. */
async function opened(visitor: Visitor, link: string, path: string): Promise<Reply> {
  await visitor.get(link);
  return visitor.get(path);
}

/** Someone with a confirmed address, whose account a thief has moved to one of the thief's. */
async function robbed(server: AppServer, mailbox: Mailbox) {
  const thief = new Visitor(server.origin);
  const person = await register(thief);
  await thief.get(linkIn(await mailbox.latest(person.email, "verify-email")));
  await thief.submit("/verify-email", {}, { button: "Confirm this address" });
  await logIn(thief, person);
  const { email } = newUser();
  await ask(thief, person, email);
  const change = linkIn(await mailbox.latest(email, "change-email"));
  const page = await opened(thief, change, "/change-email");
  const reply = await thief.send("/change-email", page, {}, { button: "Use this address" });
  expect(reply.location).toBe(`${server.origin}/account`);
  return { person, thief, email, change };
}

async function emailOf(server: AppServer, { username }: Person): Promise<string | undefined> {
  const rows = await openDatabase(server.databaseUrl).query<{ email: string }>(
    'SELECT "email" FROM "User" WHERE "usernameCanonical" = ?',
    username.toLowerCase(),
  );
  return rows[0]?.email;
}
