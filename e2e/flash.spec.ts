import type { BrowserContext } from "playwright/test";
import {
  announced,
  expect,
  expectFieldError,
  FLASH_COOKIE,
  fillInLogin,
  fillInRegistration,
  heading,
  newStranger,
  press,
  register,
  test,
} from "./fixtures";
import { fullName } from "./support/cookie-jar";
import { linesFor, textOf, type Visitor } from "./support/visitor";

const CREATED = "Your account has been created! You are now able to log in";
const PLEASE_LOG_IN = "Please log in to access this page.";

test("a message is shown once and is gone on reload", { tag: "@next" }, async ({ page }) => {
  await page.goto("/register");
  await fillInRegistration(page, newStranger());
  await press(page, "Register");
  const message = announced(page, "status", CREATED);
  await expect(message).toBeVisible();
  await expect(page.locator("[data-flash]")).toHaveAttribute("data-flash", "account-created");

  await page.reload();
  await expect(heading(page, "Log in")).toBeVisible();
  await expect(message).toBeHidden();
});

test("the answer of a form takes the place of the message, and the next answer takes its place", {
  tag: "@no-js",
}, async ({ page, context, site }) => {
  await leave(context, site.origin, "account-created");
  await page.goto("/login");
  await expect(announced(page, "status", CREATED)).toBeVisible();
  const wrong = announced(page, "alert", "Login Unsuccessful. Please check email and password");
  await fillInLogin(page, newStranger());
  await press(page, "Log in");
  await expect(wrong).toBeVisible();
  await expect(page.locator("[data-flash]")).toHaveCount(0);
  await press(page, "Log in");
  await expectFieldError(page, "Password", "Enter your password.");
  await expect(wrong).toHaveCount(0);
});

test("a message about a private page is shown once too", async ({ page }) => {
  await page.goto("/account");
  const message = announced(page, "status", PLEASE_LOG_IN);
  await expect(message).toBeVisible();
  await expect(page.locator("[data-flash]")).toHaveAttribute("data-flash", "login-required");
  await page.goto("/");
  await page.goto("/login");
  await expect(heading(page, "Log in")).toBeVisible();
  await expect(message).toBeHidden();
});

test("a message of danger interrupts a screen reader", async ({ page, context, site }) => {
  await leave(context, site.origin, "login-failed");
  await page.goto("/login");
  await expect(announced(page, "alert", "Login Unsuccessful. Please check email and password")).toBeVisible();
  await expect(page.locator("[data-flash]")).toHaveAttribute("data-flash", "login-failed");
});

test("a message survives one redirect and not a second page", { tag: "@next" }, async ({ visitor }) => {
  await register(visitor);
  expect(visitor.cookies.has(FLASH_COOKIE)).toBe(true);
  expect(await flashAt(visitor, "/login")).toBe("account-created");
  expect(visitor.cookies.has(FLASH_COOKIE)).toBe(false);
  expect(await flashAt(visitor, "/login")).toBeNull();
  expect(await flashAt(visitor, "/")).toBeNull();
});

test("a page that only redirects does not use the message up", { tag: "@next" }, async ({
  visitor,
  registered,
  enter,
}) => {
  await enter(visitor, await registered());
  visitor.cookies.set(FLASH_COOKIE, "account-created");
  const redirect = await visitor.get("/login");
  expect(redirect.location).toBe(`${visitor.origin}/`);
  expect(await flashAt(visitor, "/")).toBe("account-created");
  expect(await flashAt(visitor, "/")).toBeNull();
});

const looksAhead = [
  ["the browser's prefetch", { "sec-purpose": "prefetch" }],
  ["the browser's prerender", { "sec-purpose": "prefetch;prerender" }],
  ["an older prefetch", { purpose: "prefetch" }],
  ["the router's prefetch", { rsc: "1", "next-router-prefetch": "1" }],
  [
    "the router's segment prefetch",
    { rsc: "1", "next-router-prefetch": "2", "next-router-segment-prefetch": "/_tree" },
  ],
  ["a fetch that is no page", { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" }],
] as const;

for (const [what, headers] of looksAhead)
  test(`${what} does not use the message up`, { tag: "@next" }, async ({ visitor }) => {
    visitor.cookies.set(FLASH_COOKIE, "account-created");
    await visitor.get("/login", headers);
    expect(visitor.cookies.has(FLASH_COOKIE)).toBe(true);
    expect(await flashAt(visitor, "/login")).toBe("account-created");
  });

test("neither a HEAD request nor a file uses the message up", { tag: "@next" }, async ({ visitor }) => {
  visitor.cookies.set(FLASH_COOKIE, "account-created");
  await visitor.request("/login", { method: "HEAD" });
  await visitor.get("/favicon.ico");
  await visitor.get("/api/auth/session");
  expect(await flashAt(visitor, "/login")).toBe("account-created");
});

test("text from an address is never shown", async ({ page }) => {
  const text = "Your account is locked, call 555-0100";
  const names = [
    "flash",
    "message",
    "notification",
    "error",
    "error_description",
    "code",
    "success",
    "info",
    "danger",
    "status",
  ];
  for (const path of ["/login", "/register", "/", "/nowhere"]) {
    await page.goto(
      `${path}?${new URLSearchParams(names.map((name) => [name, text]))}#${encodeURIComponent(text)}`,
    );
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByText("555-0100")).toBeHidden();
    await expect(page.locator("[data-flash]")).toBeHidden();
  }
});

test("a key in an address shows nothing either", async ({ visitor }) => {
  for (const query of [
    "flash=account-created",
    "error=CredentialsSignin&code=credentials",
    "message=login-required",
  ])
    expect(await flashAt(visitor, `/login?${query}`), query).toBeNull();
});

const forged = [
  "Your account is locked",
  "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
  "no-such-message",
  "__proto__",
  "constructor",
  "toString",
  "account-created%00",
  "%",
  "%E0%A4%A",
  "x".repeat(3500),
];

for (const value of forged)
  test(`a forged cookie shows nothing: ${value.slice(0, 40)}`, async ({ visitor }) => {
    visitor.cookies.set(FLASH_COOKIE, value);
    const answer = await visitor.get("/login");
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain("data-flash");
    expect(textOf(answer.body)).not.toContain("locked");
  });

test("a header that pretends to be our own shows nothing", { tag: "@servers" }, async ({ visitor }) => {
  for (const name of ["x-flash", "x-latchkey-flash"]) {
    const answer = await visitor.get("/login", { [name]: "account-created" });
    expect(answer.body, name).not.toContain("data-flash");
  }
});

test("the cookie of a message is out of reach of scripts and soon over", async ({ visitor }) => {
  const { username, email, password } = newStranger();
  const answer = await visitor.submit("/register", { username, email, password, confirmation: password });
  const line = linesFor(answer, FLASH_COOKIE)[0] ?? "";
  expect(line).toMatch(/httponly/i);
  expect(line).toMatch(/samesite=lax/i);
  expect(line).toMatch(/path=\//i);
  const maxAge = Number(/max-age=(\d+)/i.exec(line)?.[1]);
  expect(maxAge).toBeGreaterThan(0);
  expect(maxAge).toBeLessThanOrEqual(120);
});

/** The key of the message on a page; null when there is none. */
async function flashAt(visitor: Visitor, path: string): Promise<string | null> {
  const { body } = await visitor.get(path);
  return /data-flash="([^"]*)"/.exec(body)?.[1] ?? null;
}

async function leave(context: BrowserContext, url: string, value: string): Promise<void> {
  const name = fullName(new URL(url).origin, FLASH_COOKIE);
  await context.addCookies([{ name, value, url, httpOnly: true, sameSite: "Lax" }]);
}
