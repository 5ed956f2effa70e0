import {
  announced,
  expect,
  expectFieldError,
  FLASH_COOKIE,
  fillInLogin,
  fillInRegistration,
  greetingOf,
  heading,
  newStranger,
  press,
  test,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { fullName } from "./support/cookie-jar";

const onPhone = { tag: "@phone" };

const visitorsPages = [
  { path: "/", title: "Welcome to Latchkey" },
  { path: "/register", title: "Register" },
  { path: "/login", title: "Log in" },
  { path: "/nowhere", title: "There is no such page" },
];

for (const { path, title } of visitorsPages)
  test(`a visitor's ${path} has no barriers`, onPhone, async ({ page }) => {
    await page.goto(path);
    await expect(heading(page, title)).toBeVisible();
    await expectNoBarriers(page);
  });

test("home and account have no barriers for someone logged in", onPhone, async ({ page, loggedIn }) => {
  const { email } = await loggedIn();
  await page.goto("/");
  await expect(heading(page, greetingOf())).toBeVisible();
  await expectNoBarriers(page);
  await page.goto("/account");
  await expect(page.getByText(email)).toBeVisible();
  await expectNoBarriers(page);
});

test("a registration full of mistakes has no barriers", onPhone, async ({ page }) => {
  await page.goto("/register");
  await press(page, "Register");
  await expectFieldError(page, "Confirm password", "Type the password again.");
  await expectNoBarriers(page);
});

test("a registration the server refused has no barriers", async ({ page, registered }) => {
  const { username, email } = await registered();
  await page.goto("/register");
  await fillInRegistration(page, { ...newStranger(), username, email });
  await press(page, "Register");
  await expectFieldError(page, "Email", "That email is taken.");
  await expectNoBarriers(page);
});

test("a failed login has no barriers", async ({ page }) => {
  await page.goto("/login");
  await fillInLogin(page, newStranger());
  await press(page, "Log in");
  await expect(announced(page, "alert", "Login Unsuccessful")).toBeVisible();
  await expectNoBarriers(page);
});

for (const [kind, key, role] of [
  ["success", "account-created", "status"],
  ["info", "login-required", "status"],
  ["danger", "login-failed", "alert"],
] as const)
  test(`a message of ${kind} has no barriers`, async ({ page, context, site }) => {
    await context.addCookies([{ name: fullName(site.origin, FLASH_COOKIE), value: key, url: site.origin }]);
    await page.goto("/login");
    await expect(page.locator(`[data-flash="${key}"]`)).toBeVisible();
    await expect(page.getByRole(role).filter({ hasText: /\w/ })).toBeVisible();
    await expectNoBarriers(page);
  });

test("a password shown and a busy button have no barriers", async ({ page }) => {
  await page.goto("/login");
  await fillInLogin(page, newStranger());
  await page.getByRole("button", { name: "Show password" }).click();
  await expectNoBarriers(page);
  // The answer never comes: the page stays as it is while the server works.
  await page.route("**/login", () => {});
  await press(page, "Log in");
  await expect(page.getByRole("button", { name: "Logging in…" })).toBeVisible();
  await expectNoBarriers(page);
});

test("with less motion nothing moves, and in forced colours every control keeps its edge", async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce", forcedColors: "active" });
  await page.goto("/login");
  for (const control of [
    page.getByRole("main").getByRole("button", { name: "Log in" }),
    page.getByLabel("Email"),
  ]) {
    const style = await control.evaluate((element) => {
      const { transitionDuration, borderTopWidth, borderTopStyle } = getComputedStyle(element);
      return { transitionDuration, borderTopWidth, borderTopStyle };
    });
    expect(Number.parseFloat(style.transitionDuration)).toBeLessThanOrEqual(0.001);
    expect(Number.parseFloat(style.borderTopWidth)).toBeGreaterThanOrEqual(1);
    expect(style.borderTopStyle).toBe("solid");
  }
});
