import type { Database } from "../lib/testing/look-in";
import { linkIn } from "../lib/testing/mail-sink";
import {
  announced,
  expect,
  expectFieldError,
  fillIn,
  fillInLogin,
  heading,
  isLoggedIn,
  logIn,
  type Member,
  navigation,
  newStranger,
  type Person,
  press,
  SESSION_COOKIE,
  test as story,
  testWithMail,
  tryLogIn,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { fullName } from "./support/cookie-jar";
import { type Answer, type OpenPage, textOf, type Values, Visitor } from "./support/visitor";

const ASKED = "We sent an email to the new address.";
const CHANGED = "Your email address is changed.";
const RESTORED = "Your address is back";

const test = testWithMail.extend<{ robbed: () => Promise<Robbery> }>({
  robbed: ({ server, mailbox, registered, enter }, use) =>
    use(async () => {
      const thief = new Visitor(server.origin);
      const person = await registered({ isVerified: true });
      await enter(thief, person);
      const { email } = newStranger();
      await ask(thief, person, email);
      const change = linkIn(await mailbox.latest(email, "change-email"));
      const moved = await confirmAddress(thief, await thief.follow(change));
      expect(moved.location).toBe(`${server.origin}/account`);
      return { person, thief, email, change };
    }),
});

/** Someone with a confirmed address, whose account a thief has moved to one of the thief's. */
interface Robbery {
  person: Member;
  thief: Visitor;
  email: string;
  /** The link by which it was moved. */
  change: string;
}

test("someone changes their address: with the password, and not before the new one is confirmed", async ({
  page,
  visitor,
  database,
  mailbox,
  registered,
}) => {
  const person = await registered({ isVerified: true });
  const { email } = newStranger();
  await page.goto("/account/email");
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(page).toHaveURL("/account/email");
  const before = page.locator('input[autocomplete="username"] ~ div input[autocomplete="email"]');
  await expect(before, "what password managers take for the login name is the present address").toHaveCount(
    1,
  );
  await expect(page.locator('input[autocomplete="username"]')).toHaveValue(person.email);
  const link = (name: string) => page.getByRole("link", { name, exact: true });
  await expect(link("Email")).toHaveAttribute("aria-current", "page");
  await expect(link("Account")).toHaveAttribute("aria-current", "true");
  await expect(link("Profile")).not.toHaveAttribute("aria-current");

  await fillIn(page, { "New email": email, "Current password": "not the password" });
  await press(page, "Send the link");
  await expectFieldError(page, "Current password", "That is not your password.");
  await expectNoBarriers(page);
  await fillIn(page, { "New email": person.email, "Current password": person.password });
  await press(page, "Send the link");
  await expectFieldError(page, "New email", "That is your address already.");
  await fillIn(page, { "New email": email, "Current password": person.password });
  await press(page, "Send the link");
  await expect(announced(page, "status", ASKED)).toBeVisible();
  await mailbox.latest(person.email, "email-change-requested");
  expect(mailbox.to(person.email, "change-email")).toHaveLength(0);

  await page.goto(linkIn(await mailbox.latest(email, "change-email")));
  await expect(page).toHaveURL(/\/change-email\?link=[0-9a-f]+$/);
  await expect(page.getByText(`the account ${person.username} has the address ${email}`)).toBeVisible();
  await expectNoBarriers(page);
  expect(await emailOf(database, person)).toBe(person.email);
  await press(page, "Use this address");
  await expect(announced(page, "status", CHANGED)).toBeVisible();
  await expect(page).toHaveURL("/account");
  await expect(page.getByText(email)).toBeVisible();
  await mailbox.latest(person.email, "email-changed");

  expect((await tryLogIn(visitor, person)).location).toBeNull();
  await logIn(visitor, { ...person, email });
});

test("an owner whose address was changed takes it back, and every device is logged out", async ({
  page,
  server,
  database,
  mailbox,
  robbed,
}) => {
  const { person, thief, email } = await robbed();
  const link = linkIn(await mailbox.latest(person.email, "email-changed"));
  const scanner = new Visitor(server.origin);
  await scanner.follow(link);
  expect(await emailOf(database, person)).toBe(email);
  expect(await isLoggedIn(thief)).toBe(true);

  await page.goto(link);
  await expect(page).toHaveURL(/\/restore-email\?link=[0-9a-f]+$/);
  await expectNoBarriers(page);
  await press(page, "Take my address back");
  await expect(announced(page, "status", RESTORED)).toBeVisible();
  expect(await emailOf(database, person)).toBe(person.email);
  expect(await isLoggedIn(thief)).toBe(false);
  for (const address of [email, person.email])
    expect((await tryLogIn(thief, { ...person, email: address })).location).toBeNull();
  await mailbox.latest(email, "email-restored");
  await page.goto(linkIn(await mailbox.latest(person.email, "reset-password")));
  await expect(heading(page, "Choose a new password")).toBeVisible();
  await page.goto(link);
  await expect(heading(page, "This link does not work")).toBeVisible();
});

test("the link works once, in a browser that is not logged in with the password alone, and after a scanner has opened it", async ({
  server,
  database,
  visitor: owner,
  mailbox,
  registered,
  enter,
}) => {
  const person = await registered();
  await enter(owner, person);
  const { email } = newStranger();
  await ask(owner, person, email);
  const link = linkIn(await mailbox.latest(email, "change-email"));
  const scanner = new Visitor(server.origin);
  await scanner.follow(link);
  expect(await emailOf(database, person)).toBe(person.email);

  const [one, two] = [new Visitor(server.origin), new Visitor(server.origin)];
  const pages = [await one.follow(link), await two.follow(link)] as const;
  for (const password of [undefined, "", "not the password"])
    await confirmAddress(one, pages[0], { password });
  expect(await emailOf(database, person)).toBe(person.email);
  const { password } = person;
  const answers = await Promise.all([
    confirmAddress(one, pages[0], { password }),
    confirmAddress(two, pages[1], { password }),
  ]);
  expect(answers.filter(({ location }) => location === `${server.origin}/account`)).toHaveLength(1);
  expect([await isLoggedIn(one), await isLoggedIn(two)].filter(Boolean)).toHaveLength(1);
  expect(await emailOf(database, person)).toBe(email);
  const late = new Visitor(server.origin);
  expect(textOf((await late.follow(link)).page.body)).toContain("This link does not work");
  expect(await isLoggedIn(owner)).toBe(true);
});

test("a browser that is logged in to another account stays so, and is told whose address has changed", async ({
  server,
  mailbox,
  registered,
  enter,
}) => {
  const [owner, stranger] = [new Visitor(server.origin), new Visitor(server.origin)];
  const [person, neighbour] = [
    await registered({ isVerified: true }),
    await registered({ isVerified: true }),
  ];
  await enter(owner, person);
  await enter(stranger, neighbour);
  const { email } = newStranger();
  await ask(owner, person, email);
  const open = await stranger.follow(linkIn(await mailbox.latest(email, "change-email")));
  const { location } = await confirmAddress(stranger, open, { password: person.password });
  const { page } = await stranger.follow(location ?? "");
  expect(textOf(page.body)).toContain("The email address of that account is changed.");
  expect(textOf(page.body)).toContain(neighbour.email);
});

test("the form works only for the owner", async ({ visitor, database, registered, enter }) => {
  const person = await registered();
  await enter(visitor, person);
  const page = await visitor.get("/account/email");
  await database.query('DELETE FROM "Session" WHERE "userId" = ?', person.id);
  const { email } = newStranger();
  const answer = await visitor.send("/account/email", page, { email, password: person.password });
  const { page: login } = await visitor.follow(answer.location ?? "");
  expect(textOf(login.body)).toContain("Please log in to access this page.");
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
  expect(await emailOf(database, person)).toBe(person.email);
});

test("a form sent after another tab logged in again leaves that login alone", async ({
  page,
  database,
  loggedIn,
  enter,
  server,
}) => {
  const person = await loggedIn();
  await page.goto("/account/email");
  await database.query('DELETE FROM "Session" WHERE "userId" = ?', person.id);
  await fillIn(page, { "New email": newStranger().email, "Current password": person.password });
  const request = page.waitForRequest((sent) => sent.url().includes("/session-ended"));
  await page.route("**/session-ended**", async (route) => {
    const token = await enter(new Visitor(server.origin), person);
    await page
      .context()
      .addCookies([{ name: fullName(server.origin, SESSION_COOKIE), value: token, url: server.origin }]);
    await route.continue();
  });
  await press(page, "Send the link");
  await request;
  await expect(page).toHaveURL("/account/email");
  await expect(navigation(page).getByRole("button", { name: "Log out" })).toBeVisible();
});

test("a form left open while another person logs in does nothing for them, and says whose account it is", async ({
  page,
  database,
  mailbox,
  loggedIn,
  registered,
  enter,
  server,
}) => {
  const ada = await loggedIn();
  const bob = await registered({ isVerified: false });
  const { email } = newStranger();
  await page.goto("/account/email");
  const value = await enter(new Visitor(server.origin), bob);
  const cookie = { name: fullName(server.origin, SESSION_COOKIE), value, url: server.origin };
  await page.context().addCookies([cookie]); // as a login in another tab would
  const notHere = announced(page, "alert", `Nothing was done: this page was opened for another account`);
  await page.getByRole("button", { name: "Send another email" }).click();
  await expect(notHere).toContainText(`you are logged in as ${bob.username} now`);

  await page.goto("/account/email");
  await page.context().addCookies([{ ...cookie, value: ada.token }]);
  await fillIn(page, { "New email": email, "Current password": ada.password });
  await press(page, "Send the link");
  await expect(notHere).toContainText(`you are logged in as ${ada.username} now`);
  expect(mailbox.to(bob.email, "verify-email")).toHaveLength(0);
  expect(await database.query('SELECT "id" FROM "LinkToken" WHERE "email" = ?', email)).toEqual([]);

  await page.goto("/account/email");
  await fillIn(page, { "New email": email, "Current password": ada.password });
  await press(page, "Send the link");
  await expect(announced(page, "status", ASKED)).toBeVisible();
});

story("without a mail server the account offers no change of address", async ({ page, loggedIn }) => {
  await loggedIn();
  await page.goto("/account");
  const sections = page.getByRole("navigation", { name: "Account sections" });
  await expect(sections.getByRole("link", { name: "Profile" })).toBeVisible();
  await expect(sections.getByRole("link", { name: "Email" })).toHaveCount(0);
  expect((await page.goto("/account/email"))?.status()).toBe(404);
});

function ask(visitor: Visitor, { password }: Pick<Person, "password">, email: string): Promise<Answer> {
  return visitor.submit("/account/email", { email, password });
}

function confirmAddress(visitor: Visitor, { path, page }: OpenPage, values: Values = {}): Promise<Answer> {
  return visitor.send(path, page, values, { button: "Use this address" });
}

async function emailOf(database: Database, { id }: Pick<Member, "id">): Promise<string | undefined> {
  const rows = await database.query<{ email: string }>('SELECT "email" FROM "User" WHERE "id" = ?', id);
  return rows[0]?.email;
}
