import {
  announced,
  cookieIn,
  expect,
  expectFieldError,
  field,
  fillInLogin,
  greetingOf,
  heading,
  isLoggedIn,
  logIn,
  newStranger,
  press,
  SESSION_COOKIE,
  test,
  tryLogIn,
} from "./fixtures";
import { textOf, Visitor } from "./support/visitor";

const UNSUCCESSFUL = "Login Unsuccessful. Please check email and password";

const both = { tag: "@both" };

test("someone with an account logs in and is greeted at home", {
  tag: "@phone",
}, async ({ page, registered }) => {
  const person = await registered();
  await page.goto("/");
  await page.getByRole("link", { name: "Log in" }).first().click();
  await fillInLogin(page, person);
  await press(page, "Log in");

  await expect(heading(page, greetingOf(person.username))).toBeVisible();
  await expect(page).toHaveURL("/");
});

test("a wrong password is refused, what was typed stays and the password does not", async ({
  page,
  registered,
  context,
}) => {
  const { email } = await registered();
  await page.goto("/login");
  await fillInLogin(page, { email, password: newStranger().password });
  await press(page, "Log in");

  await expect(announced(page, "alert", UNSUCCESSFUL)).toBeVisible();
  await expect(page).toHaveURL("/login");
  await expect(field(page, "Email")).toHaveValue(email);
  await expect(field(page, "Password")).toHaveValue("");
  expect(await cookieIn(context, SESSION_COOKIE)).toBeUndefined();
});

test("an email in capitals is the same email", both, async ({ visitor, registered }) => {
  const person = await registered();
  await logIn(visitor, { ...person, email: person.email.toUpperCase() });
  expect(await isLoggedIn(visitor)).toBe(true);
});

test("empty fields are named and nothing is tried", async ({ page }) => {
  await page.goto("/login");
  await press(page, "Log in");
  await expectFieldError(page, "Email", "Enter your email address.");
  await expectFieldError(page, "Password", "Enter your password.");
});

test("the password once more after a NUL is not the password, though bcrypt alone would think so", async ({
  visitor,
  registered,
}) => {
  const person = await registered();
  const { password } = person;
  const answer = await tryLogIn(visitor, { ...person, password: `${password}\0${password}` });
  expect(textOf(answer.body)).toContain(UNSUCCESSFUL);
});

test("72 bytes and one more are not the password, though bcrypt alone would think so", async ({
  visitor,
}) => {
  const person = { ...newStranger(), password: "a".repeat(72) };
  const { username, email, password } = person;
  await visitor.submit("/register", { username, email, password, confirmation: password });
  const answer = await tryLogIn(visitor, { email, password: `${password}x` });
  expect(textOf(answer.body)).toContain(UNSUCCESSFUL);
  expect(await isLoggedIn(visitor)).toBe(false);
  await logIn(visitor, person);
});

test("no password opens an account that has none", async ({ visitor, registered, database }) => {
  const { email, password } = await registered();
  await database.query('UPDATE "User" SET "passwordHash" = NULL WHERE "email" = ?', email);
  for (const attempt of [password, "null", " "]) {
    const answer = await tryLogIn(visitor, { email, password: attempt });
    expect(textOf(answer.body)).toContain(UNSUCCESSFUL);
  }
  expect(await isLoggedIn(visitor)).toBe(false);
});

const hostile = [
  ["SQL", { email: "' OR 1=1 --", password: "' OR 1=1 --" }],
  ["a wildcard", { email: "%@%", password: "12345678" }],
  ["a NUL", { email: "ada@example.com", password: "12345678\0" }],
  ["half a character", { email: "ada@example.com", password: "12345678\ud800" }],
  ["50 000 characters of email", { email: `a@${"a.".repeat(25_000)}`, password: "12345678" }],
  ["50 000 characters of password", { email: "ada@example.com", password: "a".repeat(50_000) }],
] as const;

for (const [what, attempt] of hostile)
  test(`the form refuses ${what} calmly`, both, async ({ visitor }) => {
    const answer = await tryLogIn(visitor, attempt);
    expect(answer.status).toBe(200);
    expect(await isLoggedIn(visitor)).toBe(false);
  });

test("a cookie for next-auth's way back, whatever is in it, changes nothing", async ({
  visitor,
  registered,
}) => {
  const person = await registered();
  visitor.cookies.set("latchkey.callback-url", "%00");
  const refused = await tryLogIn(visitor, { ...person, password: newStranger().password });
  expect(textOf(refused.body)).toContain("Login Unsuccessful");
  for (const value of ["x", "https://evil.example"]) {
    visitor.cookies.set("latchkey.callback-url", value);
    expect((await tryLogIn(visitor, person)).location, value).toBe(`${visitor.origin}/`);
    visitor.cookies.delete(SESSION_COOKIE);
  }
});

test("a body larger than any form is refused as too much", { tag: "@servers" }, async ({ visitor }) => {
  for (const length of [600_000, 2_000_000]) {
    const answer = await tryLogIn(visitor, { email: "ada@example.com", password: "a".repeat(length) });
    expect(answer.status, `${length} characters`).toBe(413);
  }
  expect((await visitor.get("/login")).status).toBe(200);
});

test("a visitor who logs in again as someone else is that person alone", async ({ visitor, registered }) => {
  const first = await registered();
  const second = await registered();
  const loginPage = await visitor.get("/login");
  await logIn(visitor, first);
  const { email, password } = second;
  await visitor.send("/login", loginPage, { email, password });
  const account = textOf((await visitor.get("/account")).body);
  expect(account).toContain(second.username);
  expect(account).not.toContain(first.username);
});

test("two people logged in at once do not meet", async ({ site, registered, enter }) => {
  const people = [await registered(), await registered()];
  const texts = await Promise.all(
    people.map(async (person) => {
      const visitor = new Visitor(site.origin);
      await enter(visitor, person);
      return textOf((await visitor.get("/account")).body);
    }),
  );
  for (const [index, { email }] of people.entries()) {
    expect(texts[index]).toContain(email);
    expect(texts[1 - index]).not.toContain(email);
  }
});
