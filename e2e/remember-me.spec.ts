import type { BrowserContext } from "playwright/test";
import { DAY_S } from "../lib/testing/product";
import {
  cookieIn,
  expect,
  field,
  fillInLogin,
  greetingOf,
  heading,
  logIn,
  navigation,
  press,
  SESSION_COOKIE,
  test,
} from "./fixtures";
import { linesFor } from "./support/visitor";

test("left unticked, the login dies with the browser", async ({ page, context, registered }) => {
  await page.goto("/login");
  await fillInLogin(page, await registered());
  await expect(field(page, "Remember me")).not.toBeChecked();
  await press(page, "Log in");
  await expect(heading(page, greetingOf())).toBeVisible();
  expect(await sessionCookie(context)).toMatchObject({ expires: -1 });

  await restartBrowser(context);
  await page.goto("/");
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toBeVisible();
});

test("ticked, the login outlives the browser, for thirty days", { tag: ["@no-js", "@next"] }, async ({
  page,
  context,
  registered,
}) => {
  await page.goto("/login");
  await fillInLogin(page, await registered());
  await field(page, "Remember me").check();
  await press(page, "Log in");
  await expect(heading(page, greetingOf())).toBeVisible();
  const { expires } = await sessionCookie(context);
  const days = (expires - Date.now() / 1000) / DAY_S;
  expect(days).toBeGreaterThan(29.99);
  expect(days).toBeLessThanOrEqual(30);

  await restartBrowser(context);
  await page.goto("/");
  await expect(navigation(page).getByRole("link", { name: "Account" })).toBeVisible();
});

test("the cookie is out of reach of scripts and of other sites' forms", async ({
  page,
  context,
  loggedIn,
}) => {
  await loggedIn();
  await page.goto("/account");
  expect(await sessionCookie(context)).toMatchObject({
    httpOnly: true,
    sameSite: "Lax",
    path: "/",
    secure: false,
  });
  expect(await page.evaluate(() => document.cookie)).toBe("");
});

test("the cookie is 256 random bits and nothing else", { tag: "@next" }, async ({ visitor, registered }) => {
  const person = await registered();
  const answer = await logIn(visitor, person);
  const [line = "", ...more] = linesFor(answer, SESSION_COOKIE);
  expect(more).toEqual([]);
  expect(line).toMatch(/^latchkey\.[0-9a-f]{8}\.session=[A-Za-z0-9_-]{43};/);
  expect(line).not.toMatch(/expires|max-age|domain/i);
});

test("no page makes the cookie last longer", async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  for (const path of ["/", "/account", "/login", "/register", "/api/auth/session", "/nowhere"]) {
    expect(linesFor(await visitor.get(path), SESSION_COOKIE), path).toEqual([]);
  }
});

test("a box ticked with anything but its own value is not ticked", async ({ visitor, registered }) => {
  const { email, password } = await registered();
  const page = await visitor.get("/login");
  const answer = await visitor.send("/login", page, { email, password }, { extra: { remember: "false" } });
  expect(linesFor(answer, SESSION_COOKIE)[0]).not.toMatch(/expires|max-age/i);
});

async function sessionCookie(context: BrowserContext) {
  const cookie = await cookieIn(context, SESSION_COOKIE);
  if (!cookie) throw new Error("no session cookie");
  return cookie;
}

/** Leaves the cookies a browser still has after it was closed and opened again. */
async function restartBrowser(context: BrowserContext): Promise<void> {
  const kept = (await context.cookies()).filter(({ expires }) => expires !== -1);
  await context.clearCookies();
  await context.addCookies(kept);
}
