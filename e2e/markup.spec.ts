import type { Page } from "playwright/test";
import {
  expect,
  expectFieldError,
  field,
  fillIn,
  greetingOf,
  heading,
  newStranger,
  press,
  SESSION_COOKIE,
  test,
  tryLogIn,
} from "./fixtures";
import { Visitor } from "./support/visitor";

/** Leaves a script, an element or a sum where any step reads text as something else. */
const MARKUP = `</script><script>latchkeyRan=1</script><img src=x onerror=latchkeyRan=1><b id=mark>{{7*7}}&lt;'"`;

/** The same, in the twenty characters that the field for a username accepts. */
const SHORT_MARKUP = "</script><b id=mark>";

const SCRIPTS = /\/_next\/static\/.*\.js/;

test("markup that came into the database some other way is text on every page", async ({
  page,
  loggedIn,
  database,
}) => {
  const { username, email } = await loggedIn();
  const kept = { username: `${username}${MARKUP}`, email: `${email}${MARKUP}` };
  // No form of ours would let it in.
  await database.query(
    'UPDATE "User" SET "username" = ?, "email" = ? WHERE "email" = ?',
    kept.username,
    kept.email,
    email,
  );
  await page.goto("/");
  await expect(heading(page, greetingOf())).toHaveText(`Welcome, ${kept.username}`);
  await expectMerelyText(page);

  await page.goto("/account");
  for (const text of Object.values(kept))
    await expect(page.getByRole("definition").filter({ hasText: text })).toHaveText(text);
  await expectMerelyText(page);
});

test("data with markup in it is no page", async ({ visitor, registered, database, enter }) => {
  const person = await registered();
  await enter(visitor, person);
  await database.query('UPDATE "User" SET "username" = ? WHERE "email" = ?', MARKUP, person.email);
  const { headers, body } = await visitor.get("/api/auth/session");
  expect(JSON.parse(body)).toMatchObject({ user: { name: MARKUP } });
  expect(headers["content-type"]).toMatch(/^application\/json/);
  expect(headers["x-content-type-options"]).toBe("nosniff");
});

// Without scripts to stop it, the form is sent to the server; its answer has what was typed in the fields, and once more
// in the data from which the scripts, back by then, run the form.
for (const { path, button, wrong } of [
  {
    path: "/register",
    button: "Register",
    wrong: { label: "Username", typed: SHORT_MARKUP, message: "Use only letters a–z" },
  },
  {
    path: `/login?callbackUrl=${encodeURIComponent(`/account?${MARKUP}#${MARKUP}`)}`,
    button: "Log in",
    wrong: { label: "Email", typed: `a${MARKUP}`, message: "Enter an email address like" },
  },
])
  test(`markup typed into the form at ${path.slice(0, 9)} comes back as it was typed, and as text`, async ({
    page,
  }) => {
    await page.route(SCRIPTS, (route) => route.abort());
    await page.goto(path);
    const values = { Email: MARKUP, Password: newStranger().password, [wrong.label]: wrong.typed };
    await fillIn(page, values);
    await page.unroute(SCRIPTS);
    await press(page, button);
    await expect(page.getByRole("button", { name: "Show password" })).toBeVisible();
    await expectFieldError(page, wrong.label, wrong.message);
    await expect(field(page, wrong.label)).toHaveValue(wrong.typed);
    await expect(field(page, "Email")).toHaveValue(values.Email);
    await expectMerelyText(page);
  });

test("no visitor chooses an id or a name in a page", async ({ site, registered, enter }) => {
  const person = await registered();
  const visitor = new Visitor(site.origin);
  const chosen = newStranger().username;
  const query = `?id=${chosen}&name=${chosen}&callbackUrl=/${chosen}%23${chosen}`;
  const pages = [
    await visitor.get(`/login${query}`),
    await visitor.get(`/register${query}`),
    await visitor.submit("/register", { username: `${chosen}!`, email: chosen }),
    await tryLogIn(visitor, { email: `${chosen}@example.com`, password: newStranger().password }),
    await visitor.get(`/${chosen}`),
  ];
  await enter(visitor, person);
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(true);
  pages.push(await visitor.get(`/${query}`), await visitor.get(`/account${query}`));
  for (const { body } of pages) {
    const names = [...body.matchAll(/\s(?:id|name|for)="([^"]*)"/gi)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names)
      for (const choice of [chosen, person.username])
        expect(name.toLowerCase()).not.toContain(choice.toLowerCase());
  }
});

/** Expects a page that shows the text as text and ran nothing of it; what its policy stopped fails the story anyway. */
async function expectMerelyText(page: Page): Promise<void> {
  await expect(page.locator("#mark")).toHaveCount(0);
  expect(await page.evaluate(() => "latchkeyRan" in window)).toBe(false);
}
