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
  await expectNoBarriers(page);
  await press(page, "Lock my account");
  await expect(announced(page, "status", "Your account is locked")).toBeVisible();
  expect([await isLoggedIn(thief), await isLoggedIn(owner)]).toEqual([false, false]);
  expect(textOf((await tryLogIn(thief, person)).body)).toContain("locked, as its owner asked");

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
  await enter(database, thief, person);
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

test("the operator's lock ends every session and lets no one in until unlock", async ({
  server,
  visitor,
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

  expect((await runCommand(["user", "unlock", person.email], server.settings)).code).toBe(0);
  await logIn(visitor, person);
});
