import { linkIn } from "../lib/testing/mail-sink";
import {
  announced,
  enter,
  expect,
  heading,
  isLoggedIn,
  logIn,
  press,
  testWithMail as test,
  tryLogIn,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { runCommand } from "./support/command";
import { textOf, Visitor } from "./support/visitor";

const LOCKED_BY_OPERATOR = "This account is locked. Please ask the people who run this site.";
const NEW_PASSWORD = "open-sesame quite another password";

test("an owner learns of a login that was not theirs, and one click ends it", async ({
  page,
  server,
  visitor: owner,
  mailbox,
  registered,
}) => {
  const person = await registered({ isVerified: true });
  await logIn(owner, person);
  const thief = new Visitor(server.origin, { "user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0" });
  await logIn(thief, person);
  const alert = await mailbox.latest(person.email, "new-login");
  expect(alert.text).toContain("with Firefox on Windows at 198.");

  const scanner = new Visitor(server.origin);
  await scanner.follow(linkIn(alert));
  expect(await isLoggedIn(thief)).toBe(true);

  await page.goto(linkIn(alert));
  await expect(page).toHaveURL(/\/lock-account\?link=[0-9a-f]+$/);
  await press(page, "Lock my account");
  await expect(announced(page, "status", "Your account is locked")).toBeVisible();
  expect([await isLoggedIn(thief), await isLoggedIn(owner)]).toEqual([false, false]);
  expect((await tryLogIn(thief, person)).location).toBeNull();

  await page.goto(linkIn(await mailbox.latest(person.email, "reset-password")));
  await expect(heading(page, "Choose a new password")).toBeVisible();
  await page.goto(linkIn(alert));
  await expect(heading(page, "This link does not work")).toBeVisible();
});

test("the promise of a warning holds after the change of address it warned of", async ({
  page,
  server,
  visitor: thief,
  database,
  mailbox,
  registered,
}) => {
  const person = await registered({ isVerified: true });
  await logIn(thief, person);
  const theirs = `thief-${person.username}@example.com`.toLowerCase();
  await thief.submit("/account/email", { email: theirs, password: person.password });
  const warning = linkIn(await mailbox.latest(person.email, "email-change-requested"));
  const change = await thief.follow(linkIn(await mailbox.latest(theirs, "change-email")));
  await thief.send(change.path, change.page, {}, { button: "Use this address" });
  await mailbox.latest(person.email, "email-changed");

  const owner = new Visitor(server.origin);
  await enter(database, owner, person);
  expect(textOf((await owner.get("/account/history/not-me")).body)).toContain(`gets ${person.email} back`);

  await page.goto(warning);
  await expect(page.getByText(`it gets ${person.email} back`)).toBeVisible();
  await press(page, "Lock my account");
  await expect(announced(page, "status", "Your address is back")).toBeVisible();
  expect(await isLoggedIn(thief)).toBe(false);
  expect((await tryLogIn(new Visitor(server.origin), { ...person, email: theirs })).location).toBeNull();
  await mailbox.latest(person.email, "reset-password");
});

test("a known browser and the first login send no security alert", async ({
  server,
  visitor: owner,
  mailbox,
  registered,
}) => {
  const person = await registered({ isVerified: true });
  for (let logins = 0; logins < 2; logins++) {
    await logIn(owner, person);
    await owner.submit("/account", {}, { button: "Log out" });
  }
  await logIn(new Visitor(server.origin), person);
  await mailbox.latest(person.email, "new-login");
  expect(mailbox.to(person.email, "new-login")).toHaveLength(1);
});

test("only unlock ends the operator's lock: neither the password nor an emailed link does", async ({
  server,
  visitor,
  mailbox,
  registered,
  enter,
}) => {
  const person = await registered();
  await enter(visitor, person);
  expect((await runCommand(["user", "lock", person.email], server.settings)).code).toBe(0);
  expect(await isLoggedIn(visitor)).toBe(false);
  expect(textOf((await tryLogIn(visitor, person)).body)).toContain(LOCKED_BY_OPERATOR);
  const wrong = await tryLogIn(visitor, { ...person, password: "a wrong guess it is" });
  expect(textOf(wrong.body)).toContain("Login Unsuccessful");

  await visitor.submit("/forgot-password", { email: person.email });
  await choose(visitor, linkIn(await mailbox.latest(person.email, "reset-password")));
  const changed = { ...person, password: NEW_PASSWORD };
  expect(textOf((await tryLogIn(visitor, changed)).body)).toContain(LOCKED_BY_OPERATOR);
  expect((await runCommand(["user", "unlock", person.email], server.settings)).code).toBe(0);
  await logIn(visitor, changed);
});

test("the operator's reset link ends an owner's lock, and unlock does not", async ({
  server,
  visitor,
  database,
  registered,
}) => {
  const person = await registered();
  await database.query('UPDATE "User" SET "lockedByOwnerAt" = ? WHERE "id" = ?', new Date(), person.id);
  const unlocked = await runCommand(["user", "unlock", person.email], server.settings);
  expect(unlocked.code).toBe(1);
  expect(unlocked.lines[0]).toContain("a new password opens it");
  expect(textOf((await tryLogIn(visitor, person)).body)).toContain("locked, as its owner asked");

  const { lines } = await runCommand(["user", "reset-link", person.email], server.settings);
  const { pathname, search } = new URL(lines[1] ?? "");
  await choose(visitor, pathname + search);
  await logIn(visitor, { ...person, password: NEW_PASSWORD });
});

test("the page that locks an account has no barriers", async ({ page, server, mailbox, registered }) => {
  const person = await registered({ isVerified: true });
  for (let logins = 0; logins < 2; logins++) await logIn(new Visitor(server.origin), person);
  await page.goto(linkIn(await mailbox.latest(person.email, "new-login")));
  await expect(heading(page, "That was not you?")).toBeVisible();
  await expectNoBarriers(page);
});

/** Chooses {@link NEW_PASSWORD} at the page of an emailed link. */
async function choose(visitor: Visitor, link: string): Promise<void> {
  const answer = await visitor.submit(link, { password: NEW_PASSWORD, confirmation: NEW_PASSWORD });
  expect(answer.location).toBe(`${visitor.origin}/login`);
}
