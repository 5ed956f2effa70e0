import {
  announced,
  expect,
  expectFieldError,
  field,
  fillInLogin,
  fillInRegistration,
  greetingOf,
  heading,
  isLoggedIn,
  logIn,
  newStranger,
  press,
  register,
  test,
  tryLogIn,
} from "./fixtures";
import { type Answer, textOf, Visitor } from "./support/visitor";

const CREATED = "Your account has been created! You are now able to log in";
const USERNAME_TAKEN = "That username is taken. Please choose a different one.";
const EMAIL_TAKEN = "That email is taken. Please choose a different one.";

test("someone new registers and is told to log in", {
  tag: ["@both", "@no-js"],
}, async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Register" }).first().click();
  await fillInRegistration(page, newStranger());
  await press(page, "Register");

  await expect(heading(page, "Log in")).toBeVisible();
  await expect(page).toHaveURL("/login");
  await expect(announced(page, "status", CREATED)).toBeVisible();
});

test("a taken username and a taken email are both named, each at its own field", {
  tag: "@both",
}, async ({ page, registered }) => {
  const taken = await registered();
  await page.goto("/register");
  await fillInRegistration(page, { ...newStranger(), username: taken.username, email: taken.email });
  await press(page, "Register");

  await expectFieldError(page, "Username", USERNAME_TAKEN);
  await expectFieldError(page, "Email", EMAIL_TAKEN);
  await expect(page).toHaveURL("/register");
});

/** An email of this length, its parts as long as DNS and SMTP allow. */
const long = (length: number) =>
  `${"a".repeat(60)}@${`${"b".repeat(60)}.`.repeat(3)}${"c".repeat(length - 244)}`;

const refused = [
  ["no username", { username: "" }, "Choose a username."],
  ["one character", { username: "a" }, "Use at least 2 characters."],
  ["twenty-one characters", { username: "a".repeat(21) }, "Use at most 20 characters."],
  [
    "a space inside",
    { username: "ada lovelace" },
    "Use only letters a–z, digits, dots, dashes and underscores.",
  ],
  ["an accent", { username: "adá" }, "Use only letters a–z"],
  ["a Cyrillic look-alike", { username: "аda" }, "Use only letters a–z"],
  ["a full-width look-alike", { username: "ａda" }, "Use only letters a–z"],
  ["markup", { username: "<b>ada</b>" }, "Use only letters a–z"],
  ["a NUL", { username: "ada\0" }, "Use only letters a–z"],
  ["a name that looks like the site's", { username: "Admin" }, "That username is reserved."],
  ["50 000 characters", { username: `${"a".repeat(50_000)}!` }, "Use only letters a–z"],
  ["no email", { email: "" }, "Enter your email address."],
  ["an email without @", { email: "ada.example.com" }, "Enter an email address like ada@example.com."],
  ["two @", { email: "ada@lovelace@example.com" }, "Enter an email address like"],
  ["a space in the email", { email: "ada lovelace@example.com" }, "Enter an email address like"],
  [
    "a second line in the email",
    { email: "ada@example.com\nBcc: eve@example.com" },
    "Enter an email address like",
  ],
  ["an email of 255 characters", { email: long(255) }, "Use an address of at most 254 characters."],
  ["a label of 64 characters", { email: `ada@${"a".repeat(64)}.com` }, "Enter an email address like"],
  ["SQL in the email", { email: "' OR 1=1 --" }, "Enter an email address like"],
  ["no password", { password: "" }, "Choose a password."],
  ["seven characters", { password: "sesame7" }, "Use at least 8 characters."],
  ["seven emoji, though they are 28 bytes", { password: "🔑".repeat(7) }, "Use at least 8 characters."],
  ["73 bytes", { password: "a".repeat(73) }, "Use at most 72 bytes"],
  ["19 emoji, which are 76 bytes", { password: "🔑".repeat(19) }, "Use at most 72 bytes"],
  ["another confirmation", { confirmation: "open-sesame instead" }, "The two passwords differ."],
  [
    "a confirmation in another case",
    { password: "Open-sesame", confirmation: "open-sesame" },
    "The two passwords differ.",
  ],
  ["no confirmation", { confirmation: "" }, "Type the password again."],
] as const;

for (const [what, change, message] of refused)
  test(`the form refuses ${what}`, async ({ visitor, database }) => {
    const person = { ...newStranger(), ...change };
    const answer = await send(visitor, person);
    expect(answer.status).toBe(200);
    expect(textOf(answer.body)).toContain(message);
    const kept = await database.query(
      'SELECT "id" FROM "User" WHERE "usernameCanonical" = ? OR "emailCanonical" = ?',
      person.username.replaceAll("\0", "").toLowerCase(),
      person.email.toLowerCase(),
    );
    expect(kept).toEqual([]);
  });

test("a registration without its fields is refused", { tag: "@next" }, async ({ visitor }) => {
  const answer = await visitor.submit("/register", {
    username: undefined,
    email: undefined,
    password: undefined,
  });
  expect(answer.status).toBe(200);
  expect(textOf(answer.body)).toContain("Choose a username.");
  expect(textOf(answer.body)).toContain("Enter your email address.");
  expect(textOf(answer.body)).toContain("Choose a password.");
});

test("fields that the form does not have change nothing", async ({ visitor, database }) => {
  const { username, email, password } = newStranger();
  const page = await visitor.get("/register");
  const extra = {
    id: "1",
    emailVerified: "2020-01-01",
    passwordHash: "x",
    image: "https://elsewhere.example/a.png",
  };
  const answer = await visitor.send(
    "/register",
    page,
    { username, email, password, confirmation: password },
    { extra },
  );
  expect(answer.location).toBe(`${visitor.origin}/login`);
  const [row] = await database.query<Record<string, unknown>>(
    'SELECT * FROM "User" WHERE "email" = ?',
    email,
  );
  expect(row).toMatchObject({ emailVerified: null, image: null });
  expect(row?.id).not.toBe("1");
  expect(row?.passwordHash).not.toBe("x");
});

const accepted = [
  [
    "two characters and an email without a dot, as HTML does",
    { username: () => unique(2), email: () => `${unique(12)}@localhost` },
  ],
  [
    "one letter twenty times, and a name of twenty characters",
    { username: () => `.${unique(17)}_-`, password: () => "a".repeat(20) },
  ],
  [
    "72 bytes, and an email of 254 characters",
    { email: () => unique(20) + long(254).slice(20), password: () => "a".repeat(72) },
  ],
  ["eight emoji", { password: () => "🔑".repeat(8) }],
  ["a password in Cyrillic, and spaces around it", { password: () => "  сезам, откройся  " }],
] as const;

for (const [what, change] of accepted)
  test(`the form accepts ${what}, and lets that person in`, async ({ visitor }) => {
    const changed = Object.fromEntries(Object.entries(change).map(([name, make]) => [name, make()]));
    const person = { ...newStranger(), ...changed };
    await register(visitor, person);
    await logIn(visitor, person);
    expect(await isLoggedIn(visitor)).toBe(true);
  });

test("what typing and copying add to a name or an address is taken off, and an address is one in every spelling", async ({
  page,
  visitor,
}) => {
  const { username, password } = newStranger();
  const email = `${username}@Bücher.example`;
  await page.goto("/register");
  await fillInRegistration(page, { username: `${username}abcdefgh`, email: `${email} `, password });
  await press(page, "Register");
  await expectFieldError(page, "Username", "Use at most 20 characters.");
  await expect(field(page, "Username")).toHaveValue(`${username}abcdefgh`);
  await fillInRegistration(page, {
    username: `\u200e${username} `,
    email: `\u200b${email.replace("@", "\u00ad@")}\u2060\ufeff `,
    password,
  });
  await press(page, "Register");
  await expect(page).toHaveURL("/login");
  await fillInLogin(page, { email: `\u202a${email.toUpperCase().normalize("NFD")}\u202c`, password });
  await press(page, "Log in");
  await expect(heading(page, greetingOf(username))).toBeVisible();
  await page.goto("/account");
  await expect(page.getByText(email, { exact: true })).toBeVisible();

  const spelling = `${username}@bücher。ｅｘａｍｐｌｅ`;
  expect((await tryLogIn(new Visitor(visitor.origin), { email: spelling, password })).location).toBe(
    `${visitor.origin}/`,
  );
  const refused = await visitor.submit("/login", { email: `${username}ä@bücher.example`, password });
  expect(textOf(refused.body)).toContain("We cannot write to an address with such letters before the @.");
});

test("spaces and case in a password count", async ({ visitor }) => {
  const person = await register(visitor, { ...newStranger(), password: "  Sesame Tree  " });
  for (const password of ["  sesame tree  ", "  Sesame Tree"]) {
    await tryLogIn(visitor, { ...person, password });
    expect(await isLoggedIn(visitor)).toBe(false);
  }
});

test("a password typed on another keyboard, with accents put together differently, is the same", async ({
  visitor,
}) => {
  const person = await register(visitor, { ...newStranger(), password: "e\u0301e\u0301e\u0301 sésame" });
  await logIn(visitor, { ...person, password: "ééé se\u0301same" });
  expect(await isLoggedIn(visitor)).toBe(true);
});

test("the password is kept only as a bcrypt hash, and never the same one twice", async ({
  site,
  database,
}) => {
  const one = await register(new Visitor(site.origin));
  const two = await register(new Visitor(site.origin), { ...newStranger(), password: one.password });
  const rows = await database.query<{ passwordHash: string }>(
    'SELECT * FROM "User" WHERE "email" IN (?, ?)',
    one.email,
    two.email,
  );
  expect(rows).toHaveLength(2);
  for (const { passwordHash } of rows) expect(passwordHash).toMatch(/^\$2b\$12\$[./A-Za-z0-9]{53}$/);
  expect(rows[0]?.passwordHash).not.toBe(rows[1]?.passwordHash);
  expect(JSON.stringify(rows)).not.toContain(one.password);
});

/** Sends the registration form as it stands, with whatever is in `person`. */
function send(
  visitor: Visitor,
  {
    username,
    email,
    password,
    confirmation = password,
  }: ReturnType<typeof newStranger> & { confirmation?: string },
): Promise<Answer> {
  return visitor.submit("/register", { username, email, password, confirmation });
}

/** Letters for a name that no one else has, at most of this length; two letters repeat after 1296 runs on one database. */
function unique(length: number): string {
  return Math.random().toString(36).slice(2).padEnd(length, "x").slice(0, length);
}
