import type { Locator, Page } from "playwright/test";
import { expect, FLASH_COOKIE, field, greetingOf, heading, newStranger, press, test } from "./fixtures";
import { fullName } from "./support/cookie-jar";
import { textOf } from "./support/visitor";

const pages = [
  { path: "/", title: "Latchkey", h1: "Welcome to Latchkey" },
  { path: "/register", title: "Register · Latchkey", h1: "Register" },
  { path: "/login", title: "Log in · Latchkey", h1: "Log in" },
  { path: "/nowhere", title: "Page not found · Latchkey", h1: "There is no such page" },
];

for (const { path, title, h1 } of pages)
  test(`${path} says what it is`, async ({ visitor }) => {
    const { body } = await visitor.get(path);
    expect(titleOf(body)).toBe(title);
    expect(headingsOf(body)).toEqual([h1]);
    expect(body).toMatch(/<html\b[^>]*\blang="en"/);
    expect(body.match(/<main\b/g)).toHaveLength(1);
  });

test("someone logged in sees whose pages these are", async ({ visitor, registered, enter }) => {
  const person = await registered();
  await enter(visitor, person);
  expect(titleOf((await visitor.get("/account")).body)).toBe("Account · Latchkey");
  expect(headingsOf((await visitor.get("/")).body)).toEqual([expect.stringContaining(person.username)]);
});

const WIDTHS = [320, 375, 768, 1280, 1920];

test("nothing sticks out sideways, from 320 pixels to a wide screen", async ({ page, loggedIn }) => {
  const everywhere = async (paths: string[]) => {
    for (const path of paths) {
      await page.goto(path);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        expect(await overhang(page), `${path} at ${width} px`).toBeLessThanOrEqual(0);
      }
    }
  };
  await everywhere(["/", "/register", "/account", "/nowhere"]); // the account's page leads to the login
  await loggedIn();
  await everywhere([
    "/",
    "/account",
    "/account/sessions",
    "/account/history",
    "/account/history/not-me",
    "/account/delete",
    "/account/two-factor",
  ]);
});

test("the longest name, the longest email and every message at once fit as well", async ({
  page,
  visitor,
  context,
  site,
}) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto("/register");
  await press(page, "Register");
  await expect(page.getByText("Type the password again.")).toBeVisible();
  expect(await overhang(page)).toBeLessThanOrEqual(0);

  const unique = newStranger().username.slice(-10).toLowerCase();
  const username = `${unique}WWWWWWWWWW`;
  const email = `${unique}${"w".repeat(54)}@${"w".repeat(60)}.${"w".repeat(60)}.${"w".repeat(63)}.de`;
  const { password } = newStranger();
  await visitor.submit("/register", { username, email, password, confirmation: password });
  await visitor.submit("/login", { email, password });
  for (const [name, value] of visitor.cookies) await context.addCookies([{ name, value, url: site.origin }]);
  for (const path of ["/", "/account"]) {
    await page.goto(path);
    await expect(page.getByText(username).first()).toBeVisible();
    expect(await overhang(page), path).toBeLessThanOrEqual(0);
  }
});

test("text twice as large fits as well", async ({ page }) => {
  await page.setViewportSize({ width: 640, height: 800 });
  for (const { path } of pages) {
    await page.goto(path);
    await page.evaluate(() => {
      document.documentElement.style.fontSize = "200%";
    });
    expect(await overhang(page), path).toBeLessThanOrEqual(0);
  }
});

test("links and buttons are large enough for a finger", { tag: "@phone" }, async ({ page }) => {
  for (const path of ["/", "/register", "/login"]) {
    await page.goto(path);
    await expect(page.getByRole("button", { name: "Show password" })).toHaveCount(path === "/" ? 0 : 1);
    const controls = page.locator(
      "main input:not([type=hidden], [type=checkbox]), main label:has([type=checkbox]), button:visible, a:visible:not(p a, [href='#main'])",
    );
    for (const control of await controls.all()) {
      const box = await control.boundingBox();
      expect(
        box?.height,
        `${path}: ${await control.evaluate((element) => element.outerHTML.slice(0, 80))}`,
      ).toBeGreaterThanOrEqual(43.5);
    }
  }
});

test("a message stands in the column of its page, and the account's form is as wide as its card", async ({
  page,
  context,
  site,
  loggedIn,
}) => {
  const flash = { name: fullName(site.origin, FLASH_COOKIE), value: "logged-out", url: site.origin };
  const left = async (of: Locator) => (await of.boundingBox())?.x;
  await page.setViewportSize({ width: 1280, height: 800 });
  for (const [path, beside] of [
    ["/", heading(page, "Welcome to Latchkey")],
    ["/login", page.locator("main h1").locator("..")],
    ["/account", heading(page, "Account")],
  ] as const) {
    if (path === "/account") await loggedIn();
    await context.addCookies([flash]);
    await page.goto(path);
    expect(await left(page.locator("[data-flash]")), path).toBe(await left(beside));
  }
});

test("what the browser's keyboard says on its Enter key is what comes next", async ({ visitor }) => {
  const { body } = await visitor.get("/login");
  for (const [id, hint] of [
    ["email", "next"],
    ["password", "go"],
  ])
    expect(body).toMatch(new RegExp(`<input(?=[^>]* id="${id}")[^>]* enterkeyhint="${hint}"`, "i"));
});

test("a dead link leads to what it was for", async ({ visitor }) => {
  for (const [path, exit] of [
    ["/change-email", "/account"],
    ["/restore-email", "/login"],
    ["/reset-password", "/login"], // here no email can be sent
  ] as const) {
    const { body } = await visitor.get(`${path}?link=0123456789abcdef`);
    expect(textOf(body)).toContain("This link does not work");
    expect(body.split("<main")[1]?.split("</main")[0], path).toContain(`href="${exit}"`);
  }
});

test("a page that is not there says so, with a way out", async ({ page, visitor }) => {
  for (const path of ["/nowhere", "/login/below", "/a/b/c", "/%E0%A4%A", "/.env", "/index.php"]) {
    const { status } = await visitor.get(path);
    expect(status, path).toBeGreaterThanOrEqual(400);
    expect(status, path).toBeLessThan(500);
  }
  const answer = await page.goto("/nowhere");
  expect(answer?.status()).toBe(404);
  await page.getByRole("link", { name: "Go to the home page" }).click();
  await expect(page).toHaveURL("/");
});

test("the site has an icon", async ({ visitor }) => {
  const { body } = await visitor.get("/");
  const icons = [...body.matchAll(/<link rel="(?:icon|apple-touch-icon)" href="([^"]+)"/g)].map(
    ([, href = ""]) => href,
  );
  expect(icons.length).toBeGreaterThan(0);
  for (const href of [...icons, "/favicon.ico"]) {
    const answer = await visitor.get(href);
    expect(answer.status, href).toBe(200);
    expect(answer.headers["content-type"], href).toMatch(/^image\//);
  }
});

test("the site follows the system's choice of light or dark", async ({ page }) => {
  const colours = async (colorScheme: "light" | "dark") => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    return page.evaluate(() => {
      const canvas = new OffscreenCanvas(1, 1).getContext("2d");
      return [document.body, document.querySelector("h1") ?? document.body].map((element, index) => {
        const { backgroundColor, color } = getComputedStyle(element);
        if (!canvas) return Number.NaN;
        canvas.fillStyle = index === 0 ? backgroundColor : color;
        canvas.fillRect(0, 0, 1, 1);
        const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
        return (red + green + blue) / 3;
      });
    });
  };
  await page.goto("/login");
  const [paper = 0, ink = 0] = await colours("light");
  const [night = 0, chalk = 0] = await colours("dark");
  expect(paper).toBeGreaterThan(200);
  expect(ink).toBeLessThan(80);
  expect(night).toBeLessThan(60);
  expect(chalk).toBeGreaterThan(180);
});

test("the keyboard reaches everything in order, and the focus is visible", async ({ page, registered }) => {
  const person = await registered();
  await page.goto("/login");
  const main = page.getByRole("main");
  const stops = [
    page.getByRole("link", { name: "Skip to content" }),
    page.getByRole("link", { name: "Latchkey" }),
    page.getByRole("navigation").getByRole("link", { name: "Log in" }),
    page.getByRole("navigation").getByRole("link", { name: "Register" }),
    field(page, "Email"),
    field(page, "Password"),
    main.getByRole("button", { name: "Show password" }),
    field(page, "Remember me"),
    main.getByRole("button", { name: "Log in" }),
    main.getByRole("button", { name: "Use a passkey" }),
    main.getByRole("link", { name: "Register" }),
  ];
  for (const stop of stops) {
    await page.keyboard.press("Tab");
    await expect(stop).toBeFocused();
    await expect(stop).toBeInViewport();
    const ring = await stop.evaluate((element) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return (outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    });
    expect(ring, "a ring shows where the focus is").toBe(true);
  }

  await field(page, "Email").focus();
  await page.keyboard.type(person.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(person.password);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await expect(field(page, "Remember me")).toBeChecked();
  await page.keyboard.press("Enter");
  await expect(heading(page, greetingOf(person.username))).toBeVisible();
});

test("the skip link leads past the navigation", async ({ page }) => {
  await page.goto("/login");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(field(page, "Email")).toBeFocused();
});

test("every page comes with a policy for scripts, new each time", async ({ visitor }) => {
  for (const path of ["/", "/login", "/register", "/nowhere"]) {
    const policies = [await visitor.get(path), await visitor.get(path)].map(({ headers, body }) => {
      const policy = String(headers["content-security-policy"]);
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
      expect(nonce.length, path).toBeGreaterThanOrEqual(22);
      for (const [script] of body.matchAll(/<script\b[^>]*>/g))
        expect(script, path).toContain(`nonce="${nonce}"`);
      expect(body, path).not.toMatch(/<[^>]+\sstyle="/);
      return policy;
    });
    expect(policies[0], path).not.toBe(policies[1]);
    const [scripts = ""] = /script-src[^;]*/.exec(policies[0] ?? "") ?? [];
    expect(scripts, path).not.toMatch(/unsafe-(inline|eval)/);
    for (const rule of [
      "object-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "form-action 'self'",
    ])
      expect(policies[0], path).toContain(rule);
  }
});

function titleOf(html: string): string | undefined {
  return /<title>([^<]*)<\/title>/.exec(html)?.[1];
}

function headingsOf(html: string): string[] {
  return [...html.matchAll(/<h1\b[^>]*>(.*?)<\/h1>/g)].map(([, text = ""]) => textOf(text));
}

/** How many pixels the page is wider than the window. */
function overhang(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
