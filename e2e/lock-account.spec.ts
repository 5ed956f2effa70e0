import { linkIn } from "../lib/testing/mail-sink";
import {
  announced,
  expect,
  heading,
  isLoggedIn,
  logIn,
  press,
  testWithMail as test,
  tryLogIn,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { Visitor } from "./support/visitor";

test("an owner learns of a login that was not theirs, and one click ends it", { tag: "@both" }, async ({
  page,
  server,
  visitor: owner,
  mailbox,
  registered,
}) => {
  const person = await registered();
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

test("a known browser and the first login send no security alert", async ({
  server,
  visitor: owner,
  mailbox,
  registered,
}) => {
  const person = await registered();
  for (let logins = 0; logins < 2; logins++) {
    await logIn(owner, person);
    await owner.submit("/account", {}, { button: "Log out" });
  }
  await logIn(new Visitor(server.origin), person);
  await mailbox.latest(person.email, "new-login");
  expect(mailbox.to(person.email, "new-login")).toHaveLength(1);
});

test("the page that locks an account has no barriers", async ({ page, server, mailbox, registered }) => {
  const person = await registered();
  for (let logins = 0; logins < 2; logins++) await logIn(new Visitor(server.origin), person);
  await page.goto(linkIn(await mailbox.latest(person.email, "new-login")));
  await expect(heading(page, "That was not you?")).toBeVisible();
  await expectNoBarriers(page);
});
