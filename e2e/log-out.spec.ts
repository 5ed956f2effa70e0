import {
  announced,
  cookieIn,
  expect,
  greetingOf,
  heading,
  isLoggedIn,
  navigation,
  SESSION_COOKIE,
  sessionToken,
  test,
} from "./fixtures";
import { Visitor } from "./support/visitor";

test("logging out leads home, says so and ends the session on the server", {
  tag: ["@no-js", "@servers"],
}, async ({ page, context, site, loggedIn }) => {
  const { token, email } = await loggedIn();
  const thief = withToken(site.origin, token);
  expect(await isLoggedIn(thief)).toBe(true);

  await page.goto("/account");
  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  await expect(page).toHaveURL("/");
  expect(await cookieIn(context, SESSION_COOKIE)).toBeUndefined();

  const copy = withToken(site.origin, token);
  const refused = await copy.follow("/account");
  expect(refused.path).toBe("/login?callbackUrl=%2Faccount");
  expect(refused.page.body).not.toContain(email);
});

test("Back shows nothing private afterwards", async ({ page, loggedIn }) => {
  const { email } = await loggedIn();
  await page.goto("/");
  await page.goto("/account");
  await expect(page.getByText(email)).toBeVisible();
  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();

  await page.goBack();
  await expect(heading(page, "Log in")).toBeVisible();
  await expect(page.getByText(email)).toBeHidden();
  await page.goBack();
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toBeVisible();
  await expect(heading(page, greetingOf())).toBeHidden();
});

test("a GET logs no one out", async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  for (const path of [
    "/logout",
    "/log-out",
    "/signout",
    "/account/logout",
    "/api/auth/signout",
    "/api/auth/signout?callbackUrl=/",
    "/?logout=1",
  ])
    for (const method of ["GET", "HEAD"]) {
      await visitor.request(path, { method });
      expect(await isLoggedIn(visitor), `${method} ${path}`).toBe(true);
    }
});

test("another site's form logs no one out", { tag: "@next" }, async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  const page = await visitor.get("/account");
  for (const headers of [
    { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    { origin: "null", "sec-fetch-site": "cross-site" },
    { origin: "https://evil.example" },
  ]) {
    const answer = await visitor.send("/account", page, {}, { button: "Log out", headers });
    expect(answer.status).toBe(403);
    expect(await isLoggedIn(visitor)).toBe(true);
  }
});

test("someone logs out on one device and stays logged in on the other", { tag: "@next" }, async ({
  site,
  registered,
  enter,
}) => {
  const person = await registered();
  const [laptop, phone] = [new Visitor(site.origin), new Visitor(site.origin)];
  await enter(laptop, person);
  await enter(phone, person);
  await logOut(laptop);
  expect(await isLoggedIn(laptop)).toBe(false);
  expect(await isLoggedIn(phone)).toBe(true);
});

test("logging out removes the row", async ({ visitor, registered, database, enter }) => {
  const person = await registered();
  await enter(visitor, person);
  const rows = () =>
    database.query(
      'SELECT s."id" FROM "Session" s JOIN "User" u ON u."id" = s."userId" WHERE u."email" = ?',
      person.email,
    );
  expect(await rows()).toHaveLength(1);
  await logOut(visitor);
  expect(await rows()).toEqual([]);
});

test("someone whose session has ended can still log out", async ({ page, loggedIn, database }) => {
  const { email } = await loggedIn();
  await page.goto("/account");
  await database.query(
    'DELETE FROM "Session" WHERE "userId" IN (SELECT "id" FROM "User" WHERE "email" = ?)',
    email,
  );
  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expect(heading(page, "Welcome to Latchkey")).toBeVisible();
  await expect(page).toHaveURL("/");
});

test("pressing the same button twice leads to the same page", async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  const token = sessionToken(visitor);
  const page = await visitor.get("/account");
  for (let press = 0; press < 2; press++) {
    const answer = await visitor.send("/account", page, {}, { button: "Log out" });
    expect(answer.location).toBe(`${visitor.origin}/`);
    visitor.cookies.set(SESSION_COOKIE, token);
  }
});

async function logOut(visitor: Visitor): Promise<void> {
  await visitor.send("/account", await visitor.get("/account"), {}, { button: "Log out" });
}

function withToken(origin: string, token: string): Visitor {
  const visitor = new Visitor(origin);
  visitor.cookies.set(SESSION_COOKIE, token);
  return visitor;
}
