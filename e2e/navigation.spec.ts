import type { BrowserContext, Page } from "playwright/test";
import {
  announced,
  expect,
  field,
  fillInLogin,
  greetingOf,
  heading,
  navigation,
  press,
  SESSION_COOKIE,
  test,
} from "./fixtures";
import { fullName } from "./support/cookie-jar";

test("the navigation tells the truth right after login and logout", {
  tag: ["@phone", "@no-js"],
}, async ({ page, registered }) => {
  await page.goto("/login");
  await expectVisitorsNavigation(page);

  await fillInLogin(page, await registered());
  await press(page, "Log in");
  await expect(heading(page, greetingOf())).toBeVisible();
  await expectMembersNavigation(page);

  await navigation(page).getByRole("link", { name: "Account" }).click();
  await expect(heading(page, "Account")).toBeVisible();
  await expectMembersNavigation(page);

  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expect(heading(page, "Welcome to Latchkey")).toBeVisible();
  await expectVisitorsNavigation(page);
});

test("every visitor's page has the visitor's navigation", async ({ page }) => {
  for (const path of ["/", "/login", "/register", "/nowhere"]) {
    await page.goto(path);
    await expectVisitorsNavigation(page);
  }
});

test("the login and registration pages send someone logged in home", async ({ page, loggedIn }) => {
  const { username } = await loggedIn();
  for (const path of ["/login", "/register", "/login?callbackUrl=%2Faccount"]) {
    await page.goto(path);
    await expect(heading(page, greetingOf(username))).toBeVisible();
    await expect(page).toHaveURL("/");
    await expectMembersNavigation(page);
  }
});

test("home leads someone logged in to the account", async ({ page, loggedIn }) => {
  const { email } = await loggedIn();
  await page.goto("/");
  await page.getByRole("link", { name: "Your account" }).click();
  await expect(page).toHaveURL("/account");
  await expect(page.getByText(email)).toBeVisible();
});

test("the login and registration pages lead to each other, and the name leads home", async ({ page }) => {
  await page.goto("/login");
  await page.getByRole("main").getByRole("link", { name: "Register" }).click();
  await expect(heading(page, "Register")).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Log in" }).click();
  await expect(heading(page, "Log in")).toBeVisible();
  await page.getByRole("link", { name: "Latchkey" }).first().click();
  await expect(heading(page, "Welcome to Latchkey")).toBeVisible();
});

test("a second tab shows the logout at its next page", async ({ page, context, loggedIn }) => {
  await loggedIn();
  await page.goto("/");
  const second = await context.newPage();
  await second.goto("/");
  await expectMembersNavigation(second);
  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expectVisitorsNavigation(page);

  await second.getByRole("link", { name: "Your account" }).click();
  await expect(heading(second, "Log in")).toBeVisible();
  await expectVisitorsNavigation(second);
});

test("after a logout in another tab Log out ends logged out", {
  tag: "@no-js",
}, async ({ page, context, loggedIn, site }) => {
  await loggedIn();
  await page.goto("/account");
  await context.clearCookies({ name: fullName(site.origin, SESSION_COOKIE) });
  await navigation(page).getByRole("button", { name: "Log out" }).click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  await expectVisitorsNavigation(page);
});

for (const when of ["as", "before"] as const)
  test(`a log-out pressed ${when} the page comes to the front leads home, and is not answered by a login page`, async ({
    page,
    loggedIn,
  }) => {
    await loggedIn();
    await page.goto("/account");
    let ask = () => {};
    const isAsked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    await page.route("**/api/auth/session", (route) => isAsked.then(() => route.continue()));
    await page.route(
      ({ pathname }) => pathname === "/",
      async (route) => {
        const told = page.waitForResponse("**/api/auth/session"); // once nobody is logged in any more
        ask();
        await (await told).finished();
        await route.continue();
      },
    );
    const comeToTheFront = () => page.evaluate(() => window.dispatchEvent(new Event("focus")));
    if (when === "as") await comeToTheFront();
    await navigation(page).getByRole("button", { name: "Log out" }).click();
    if (when === "before") await comeToTheFront();
    await expect(announced(page, "status", "You are logged out.")).toBeVisible();
    await expect(page).toHaveURL("/");
  });

test("a page that comes to the front as somebody else or nobody loads anew, or says so where something is typed", async ({
  page,
  context,
  loggedIn,
  site,
}) => {
  const person = await loggedIn();
  await page.goto("/account");
  await comeToFront(page);
  await expect(page.getByText(person.email)).toBeVisible();
  await context.clearCookies({ name: fullName(site.origin, SESSION_COOKIE) });
  await comeToFront(page);
  await expect(heading(page, "Log in")).toBeVisible();

  await enterIn(context, site, person.token);
  await page.goto("/account");
  const file = { name: "me.jpg", mimeType: "image/jpeg", buffer: Buffer.from("a photo") };
  await field(page, "New picture").setInputFiles(file);
  await context.clearCookies({ name: fullName(site.origin, SESSION_COOKIE) });
  await comeToFront(page);
  await expect(announced(page, "status", "Log in, and choose the file again.")).toBeVisible();

  await enterIn(context, site, person.token);
  await page.goto("/account/password");
  await field(page, "Current password").fill("half-typed");
  await context.clearCookies({ name: fullName(site.origin, SESSION_COOKIE) });
  await comeToFront(page);
  await expect(announced(page, "status", "You are logged out. Send what you have typed")).toBeVisible();
  await enterIn(context, site, person.token);
  await comeToFront(page);
  await expect(page.getByText("You are logged out.")).toHaveCount(0);
  await expect(field(page, "Current password")).toHaveValue("half-typed");
  await context.clearCookies({ name: fullName(site.origin, SESSION_COOKIE) });

  await page.goto("/register");
  await field(page, "Username").fill("half-typed");
  await enterIn(context, site, person.token);
  await comeToFront(page);
  await expect(announced(page, "status", "You have logged in in another tab.")).toBeVisible();
  await expect(field(page, "Username")).toHaveValue("half-typed");
  await page.getByRole("link", { name: "Reload this page" }).click();
  await expect(heading(page, greetingOf(person.username))).toBeVisible();
});

test("a session that ended elsewhere shows at the next page", async ({ page, loggedIn, database }) => {
  const { email } = await loggedIn();
  await page.goto("/");
  await expectMembersNavigation(page);
  await database.query(
    'DELETE FROM "Session" WHERE "userId" IN (SELECT "id" FROM "User" WHERE "email" = ?)',
    email,
  );
  await page.reload();
  await expectVisitorsNavigation(page);
  await expect(heading(page, "Welcome to Latchkey")).toBeVisible();
});

test("the current page is marked in the navigation", async ({ page, loggedIn }) => {
  await page.goto("/login");
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toHaveAttribute(
    "aria-current",
    "page",
  );
  await expect(navigation(page).getByRole("link", { name: "Register" })).not.toHaveAttribute("aria-current");
  await loggedIn();
  await page.goto("/account");
  await expect(navigation(page).getByRole("link", { name: "Account" })).toHaveAttribute(
    "aria-current",
    "page",
  );
});

test("nothing is fetched ahead that a visitor did not ask for", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto("/", { waitUntil: "networkidle" });
  expect(asked.filter((path) => ["/", "/login", "/register", "/account"].includes(path))).toEqual(["/"]);
});

async function expectVisitorsNavigation(page: Page): Promise<void> {
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toBeVisible();
  await expect(navigation(page).getByRole("link", { name: "Register" })).toBeVisible();
  await expect(navigation(page).getByRole("link", { name: "Account" })).toBeHidden();
  await expect(navigation(page).getByRole("button", { name: "Log out" })).toBeHidden();
}

async function expectMembersNavigation(page: Page): Promise<void> {
  await expect(navigation(page).getByRole("link", { name: "Account" })).toBeVisible();
  await expect(navigation(page).getByRole("button", { name: "Log out" })).toBeVisible();
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toBeHidden();
  await expect(navigation(page).getByRole("link", { name: "Register" })).toBeHidden();
}

/** Gives this browser a session. */
async function enterIn(
  context: BrowserContext,
  { origin }: { origin: string },
  token: string,
): Promise<void> {
  await context.addCookies([{ name: fullName(origin, SESSION_COOKIE), value: token, url: origin }]);
}

/** As the browser tells a page that its tab is shown again: until the script of the page has heard it. */
async function comeToFront(page: Page): Promise<void> {
  const asked = page.waitForResponse("**/api/auth/session");
  await page.evaluate(() => {
    const tell = setInterval(() => document.dispatchEvent(new Event("visibilitychange")), 20);
    const fetched = window.fetch;
    window.fetch = (...what) => {
      if (String(what[0]).endsWith("/api/auth/session")) {
        clearInterval(tell);
        window.fetch = fetched;
      }
      return fetched(...what);
    };
  });
  await asked;
}
