import { linkIn, type Subject } from "../lib/testing/mail-sink";
import {
  announced,
  enter,
  expect,
  fillInRegistration,
  heading,
  isLoggedIn,
  newStranger,
  SESSION_COOKIE,
  test as story,
  testWithMail as test,
  tryLogIn,
} from "./fixtures";
import { linesFor, type OpenPage, textOf, type Values, Visitor } from "./support/visitor";

const NEW_PASSWORD = "open-sesame quite another password";

test("someone without a script presses Register twice, and is told of the success", {
  tag: "@no-js",
}, async ({ page }) => {
  const person = newStranger();
  await page.goto("/register");
  await fillInRegistration(page, person);
  await page.getByRole("main").getByRole("button", { name: "Register" }).dblclick();
  await expect(heading(page, "Log in")).toBeVisible();
  await expect(announced(page, "status", "Your account has been created!")).toBeVisible();
});

test("a registration sent twice makes one account, and both answers say so; from another page it is taken", async ({
  server,
  visitor,
  database,
}) => {
  const person = newStranger();
  const opened = await visitor.follow("/register");
  const values = registration(person);
  const answers = await pressTwice(visitor, opened, values);
  for (const { location, setCookies } of answers) {
    expect(location).toBe(`${server.origin}/login`);
    expect(setCookies.join()).toContain("account-created");
  }
  expect(await database.query('SELECT "id" FROM "User" WHERE "email" = ?', person.email)).toHaveLength(1);

  const others: [string, OpenPage, Values][] = [
    ["another password on the same page", opened, registration({ ...person, password: NEW_PASSWORD })],
    ["another spelling on the same page", opened, { ...values, username: person.username.toUpperCase() }],
    ["the same on another page", await new Visitor(server.origin).follow("/register"), values],
  ];
  for (const [what, from, typed] of others) {
    const answer = await new Visitor(server.origin).send(from.path, from.page, typed);
    expect(answer.location, what).toBeNull();
    expect(textOf(answer.body), what).toContain("That username is taken. Please choose a different one.");
  }
});

test("a link used twice by a double press was used once, and both answers say what was done", async ({
  server,
  mailbox,
  database,
  registered,
}) => {
  const linkOf = async (email: string, subject: Subject) => linkIn(await mailbox.latest(email, subject));
  const owner = new Visitor(server.origin);
  const person = await registered({ isVerified: false });
  const { password } = person;
  await enter(database, owner, person);

  const [resend] = await pressTwice(owner, await owner.follow("/account"), {}, "Send another email");
  expect(resend?.location).toBe(`${server.origin}/verify-email`);
  const verify = await linkOf(person.email, "verify-email");
  expect(mailbox.to(person.email, "verify-email")).toHaveLength(1);
  const confirming = new Visitor(server.origin);
  for (const answer of await pressTwice(confirming, await confirming.follow(verify), { password })) {
    expect(answer.location).toBe(`${server.origin}/`);
    expect(linesFor(answer, SESSION_COOKIE)).toHaveLength(1);
  }
  expect(await isLoggedIn(confirming)).toBe(true);

  const { email } = newStranger();
  const asking = await owner.follow("/account/email");
  for (const { location } of await pressTwice(owner, asking, { email, password }))
    expect(location).toBe(`${server.origin}/account/email`);
  const change = await linkOf(email, "change-email");
  expect(mailbox.to(email, "change-email")).toHaveLength(1);
  for (const { location } of await pressTwice(owner, await owner.follow(change), {}, "Use this address"))
    expect(location).toBe(`${server.origin}/account`);

  const thief = new Visitor(server.origin);
  const restore = await linkOf(person.email, "email-changed");
  const taking = await pressTwice(thief, await thief.follow(restore), {}, "Take my address back");
  for (const { location } of taking) expect(location).toBe(`${server.origin}/login`);

  const resetting = new Visitor(server.origin);
  const opened = await resetting.follow(await linkOf(person.email, "reset-password"));
  const chosen = { password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
  for (const { location, setCookies } of await pressTwice(resetting, opened, chosen)) {
    expect(location).toBe(`${server.origin}/login`);
    expect(setCookies.join()).toContain("password-reset");
  }
  const late = await resetting.send(opened.path, opened.page, { password, confirmation: password });
  expect(textOf(late.body), "another password").toMatch(/link/);
  expect(late.location).toBeNull();
  expect((await tryLogIn(new Visitor(server.origin), { ...person, password: NEW_PASSWORD })).location).toBe(
    `${server.origin}/`,
  );

  const lock = new Visitor(server.origin);
  const alert = await lock.follow(await linkOf(person.email, "password-changed"));
  for (const { location } of await pressTwice(lock, alert, {}, "Lock my account"))
    expect(location).toBe(`${server.origin}/login`);
});

test("a login and a log-out pressed twice are done, and what is done again later is done again", async ({
  server,
  visitor,
  registered,
}) => {
  const { email, password } = await registered();
  const login = await visitor.follow("/login");
  for (let time = 1; time <= 2; time++) {
    for (const { location } of await pressTwice(visitor, login, { email, password }))
      expect(location).toBe(`${server.origin}/`);
    expect(await isLoggedIn(visitor)).toBe(true);
    const account = await visitor.follow("/account");
    const token = visitor.cookies.get(SESSION_COOKIE) ?? "";
    for (const { location } of await pressTwice(visitor, account, {}, "Log out"))
      expect(location).toBe(`${server.origin}/`);
    visitor.cookies.set(SESSION_COOKIE, token);
    expect(await isLoggedIn(visitor)).toBe(false);
  }
});

test("what ends sessions is done again when it is asked for again, and no repeated answer ends the own one", async ({
  server,
  visitor: owner,
  database,
  registered,
}) => {
  const person = await registered();
  const thief = new Visitor(server.origin);
  await enter(database, owner, person);
  await enter(database, thief, person);
  const listed = await owner.follow("/account/sessions");
  for (const { location, setCookies } of await pressTwice(owner, listed, {}, "End all other sessions")) {
    expect(location).toBe(`${server.origin}/account/sessions`);
    expect(setCookies.join()).toContain("other-sessions-over");
  }
  await enter(database, thief, person);
  await owner.send(listed.path, listed.page, {}, { button: "End all other sessions" });
  expect(await isLoggedIn(thief)).toBe(false);

  const values = { currentPassword: person.password, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
  const changing = await owner.follow("/account/password");
  await owner.send(changing.path, changing.page, values);
  await enter(database, owner, person); // by another session, which ends the one before
  await owner.send(listed.path, listed.page, {}, { button: "End all other sessions" });
  const repeated = await owner.send(changing.path, changing.page, values);
  expect(repeated.location).toBe(`${server.origin}/account/password`);
  expect(linesFor(repeated, SESSION_COOKIE)).toEqual([]);
  expect(await isLoggedIn(owner)).toBe(true);
});

story(
  "a form is worked on once by two instances on one database",
  { tag: "@postgres" },
  async ({ instances: [one, two] }) => {
    const opened = await new Visitor(one.origin).follow("/register");
    const values = registration(newStranger());
    const answers = await Promise.all(
      [one, two].map(({ origin }) => new Visitor(origin).send(opened.path, opened.page, values)),
    );
    expect(answers.map(({ location }) => location)).toEqual([`${one.origin}/login`, `${two.origin}/login`]);
  },
);

function registration({ username, email, password }: ReturnType<typeof newStranger>): Values {
  return { username, email, password, confirmation: password };
}

/** Sends an open form twice at once, as it stood there; then once more, after the answer. */
async function pressTwice(visitor: Visitor, { path, page }: OpenPage, values: Values, button = "") {
  const press = () => visitor.send(path, page, values, { button });
  return [...(await Promise.all([press(), press()])), await press()];
}
