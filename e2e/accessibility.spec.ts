import type { Page } from "playwright/test";
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

test("a visitor's pages have no barriers", onPhone, async ({ page }) => {
  for (const { path, title } of visitorsPages) {
    await page.goto(path);
    await expect(heading(page, title)).toBeVisible();
    await expectNoBarriers(page);
  }
});

test("home and account have no barriers for someone logged in", async ({
  page,
  loggedIn,
  visitor,
  enter,
}) => {
  const person = await loggedIn();
  const { email } = person;
  await enter(visitor, person);
  await page.goto("/");
  await expect(heading(page, greetingOf())).toBeVisible();
  await expectNoBarriers(page);
  await page.goto("/account");
  await expect(page.getByText(email)).toBeVisible();
  await expectNoBarriers(page);
  await press(page, "Save picture");
  await expect(page.getByText("Choose a picture first.")).toBeVisible();
  await expectNoBarriers(page);
  await page.goto("/account/sessions");
  await expect(page.getByText("This device")).toBeVisible();
  await expectNoBarriers(page);
  await page.getByRole("link", { name: "End all other sessions" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectNoBarriers(page);
  await page.getByRole("button", { name: "End all other sessions" }).click();
  await expect(announced(page, "status", "All other sessions are over")).toBeVisible();
  await page.goto("/account/history");
  await expect(page.getByText("You ended all other sessions")).toBeVisible();
  await expectNoBarriers(page);
  await page.getByRole("link", { name: "This wasn’t me" }).click();
  await expect(page.getByRole("link", { name: "Choose a new password" })).toBeVisible();
  await expectNoBarriers(page);
});

test("a registration full of mistakes has no barriers", async ({ page }) => {
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

test("a message of success, of information or of danger has no barriers", async ({ page, context, site }) => {
  for (const [key, role] of [
    ["account-created", "status"],
    ["login-required", "status"],
    ["login-failed", "alert"],
  ] as const) {
    await context.addCookies([{ name: fullName(site.origin, FLASH_COOKIE), value: key, url: site.origin }]);
    await page.goto("/login");
    await expect(page.locator(`[data-flash="${key}"]`)).toBeVisible();
    await expect(page.getByRole(role).filter({ hasText: /\w/ })).toBeVisible();
    await expectNoBarriers(page);
  }
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

test("a screen reader is told of a flash message, of a wrong field that is left, of work and of its answer", async ({
  page,
  context,
  site,
}) => {
  await page.addInitScript(recordAnnouncements);
  const cookie = { name: fullName(site.origin, FLASH_COOKIE), value: "account-created", url: site.origin };
  await context.addCookies([cookie]);
  await page.goto("/login");
  await expectAnnounced(page, "Your account has been created! You are now able to log in");

  await page.getByLabel("Email").fill("ada");
  await page.getByLabel("Password", { exact: true }).fill("something");
  await expectAnnounced(page, "Enter an email address like ada@example.com.");

  await fillInLogin(page, newStranger());
  await press(page, "Log in");
  await expectAnnounced(page, "Logging in…");
  await expectAnnounced(page, "Login Unsuccessful. Please check email and password");
});

test("a password that will not be taken is marked and described so, and nothing moves while it is judged", async ({
  page,
}) => {
  await page.goto("/register");
  const password = page.getByLabel("Password", { exact: true });
  const below = page.getByLabel("Confirm password", { exact: true });
  await expect(password).toHaveAccessibleDescription(/^At least \d+ characters\./);
  const top = async () => (await below.boundingBox())?.y;
  const before = await top();
  await password.fill("password1");
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expect(password).toHaveAccessibleDescription(/Not accepted/);
  expect(await top()).toBe(before);
  await password.fill("seven quartz umbrellas");
  await expect(password).not.toHaveAttribute("aria-invalid");
  expect(await top()).toBe(before);
});

test("a quiet button's edge stands out from its page in light and dark", async ({ page }) => {
  await page.goto("/");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" }); // without transitions a colour is what it is going to be
    const button = page.getByRole("main").getByRole("link", { name: "Log in" });
    const [edge = 0, paper = 0] = await button.evaluate((element) => {
      const canvas = new OffscreenCanvas(1, 1).getContext("2d");
      if (!canvas) throw new Error("nothing to draw on");
      const luminance = (color: string) => {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => {
          const part = value / 255;
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * (parts[0] ?? 0) + 0.7152 * (parts[1] ?? 0) + 0.0722 * (parts[2] ?? 0);
      };
      return [
        luminance(getComputedStyle(element).borderTopColor),
        luminance(getComputedStyle(document.body).backgroundColor),
      ];
    });
    const [light, dark] = [Math.max(edge, paper), Math.min(edge, paper)];
    expect((light + 0.05) / (dark + 0.05), colorScheme).toBeGreaterThanOrEqual(3); // WCAG 2.2 §1.4.11
  }
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

/** What live regions say that were there before their words. */
function recordAnnouncements(): void {
  const said: string[] = [];
  Object.assign(window, { said });
  new MutationObserver((changes) => {
    if (document.readyState === "loading") return; // the page itself comes
    for (const { target } of changes) {
      const at = target instanceof Element ? target : target.parentElement;
      const region = at?.closest('[role="status"], [role="alert"], [aria-live]');
      // An alert is spoken as it comes, too.
      const alerts = at?.querySelectorAll('[role="alert"]') ?? [];
      for (const spoken of [region, ...alerts]) if (spoken?.textContent) said.push(spoken.textContent);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

/** Only what changes once the page is there counts: words that come with it are spoken by no screen reader. */
async function expectAnnounced(page: Page, text: string): Promise<void> {
  const said = () => page.evaluate(() => (window as unknown as { said: string[] }).said.join("\n"));
  await expect.poll(said).toContain(text);
}
