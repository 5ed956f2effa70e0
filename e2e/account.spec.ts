import {
  announced,
  expect,
  fillInLogin,
  greetingOf,
  heading,
  newStranger,
  press,
  test,
  tryLogIn,
} from "./fixtures";
import { readForms, textOf, Visitor } from "./support/visitor";

const PLEASE_LOG_IN = "Please log in to access this page.";

test("a visitor asking for a private page logs in first and lands exactly there", {
  tag: "@no-js",
}, async ({ page, registered }) => {
  const person = await registered();
  await page.goto("/account?tab=profile&x=1%262");
  await expect(heading(page, "Log in")).toBeVisible();
  await expect(page).toHaveURL(`/login?callbackUrl=${encodeURIComponent("/account?tab=profile&x=1%262")}`);
  await expect(announced(page, "status", PLEASE_LOG_IN)).toBeVisible();

  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(heading(page, "Account")).toBeVisible();
  await expect(page).toHaveURL("/account?tab=profile&x=1%262");
});

test("the way back survives a wrong password", async ({ page, registered }) => {
  const person = await registered();
  await page.goto("/account?tab=profile");
  await fillInLogin(page, { ...person, password: newStranger().password });
  await press(page, "Log in");
  await expect(announced(page, "alert", "Login Unsuccessful")).toBeVisible();

  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(heading(page, "Account")).toBeVisible();
  await expect(page).toHaveURL("/account?tab=profile");
});

test("everything below the private page is private too", { tag: "@servers" }, async ({
  visitor,
  registered,
}) => {
  const person = await registered();
  const path = "/account/nothing/here?q=a%20b";
  const refused = await visitor.get(path);
  expect(refused.location).toBe(`${visitor.origin}/login?${new URLSearchParams({ callbackUrl: path })}`);
  const { pathname, search } = new URL(refused.location ?? "");
  const { email, password } = person;
  const wrong = await visitor.submit(pathname + search, { email, password: newStranger().password });
  const answer = await visitor.send(pathname + search, wrong, { email, password });
  expect(answer.location, "also after a wrong password").toBe(visitor.origin + path);
  expect((await visitor.get(path)).status).toBe(404);
});

/** Addresses of the private page that a cache in front might take for a file's (ASVS v5.0.0-14.2.5). */
const likeFiles = [
  "/account/x.css",
  "/account/x.js",
  "/account/x.png?v=1",
  "/account/_next/static/x.css",
  "/account.css",
  "/account;x.css",
  "/account%2Fx.css",
  "/account%3Bx.css",
  "/account%23x.css",
  "/account%3Fx.css",
  "/account%0Ax.css",
  "/account%00.css",
  "/_next/static/..%2F..%2Faccount",
  "/x.css/..%2Faccount",
];

test("no file's name opens the private page, and no cache keeps the answer", async ({
  visitor,
  registered,
  enter,
}) => {
  const person = await registered();
  for (const isInside of [false, true]) {
    if (isInside) await enter(visitor, person);
    for (const path of likeFiles) {
      const answer = await visitor.get(path);
      expect([303, 307, 308, 400, 404], path).toContain(answer.status);
      expect(answer.headers["cache-control"], path).toContain("no-store");
      expect(answer.body, path).not.toContain(person.email);
    }
  }
});

test("a private address too long to come back to leads to the login all the same, and then home", {
  tag: "@next",
}, async ({ visitor, registered, enter, database }) => {
  const person = await registered();
  for (const path of [`/account?q=${"%20".repeat(3500)}`, `/account?q=${"a".repeat(5000)}`]) {
    visitor.cookies.clear();
    expect((await visitor.get(path)).location, "without a session").toBe(`${visitor.origin}/login`);
    await enter(visitor, person);
    await database.query('DELETE FROM "Session" WHERE "userId" = ?', person.id);
    const { path: end } = await visitor.follow(path);
    expect(end, "with one that is over").toBe("/login?callbackUrl=%2F");
  }
  expect((await tryLogIn(visitor, person)).location).toBe(`${visitor.origin}/`);
});

test("a page that only begins like the private one is an ordinary missing page", async ({ visitor }) => {
  expect((await visitor.get("/accounting")).status).toBe(404);
});

test("the account page names its owner", async ({ page, loggedIn }) => {
  const { username, email } = await loggedIn();
  await page.goto("/account");
  const profile = page.getByRole("main");
  for (const [term, detail] of [
    ["Username", username],
    ["Email", email],
    ["Member since", String(new Date().getFullYear())],
  ] as const) {
    const row = profile.getByRole("term").filter({ hasText: term });
    await expect(row).toBeVisible();
    await expect(row.locator("xpath=following-sibling::dd[1]")).toContainText(detail);
  }
});

test("no cache keeps private pages", { tag: "@next" }, async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  for (const path of ["/account", "/"])
    expect((await visitor.get(path)).headers["cache-control"], path).toContain("no-store");
});

const honoured = ["/account?x=1&y=%2F%2Fb#profile", "/nowhere/%C3%A9"];

for (const path of honoured)
  test(`callbackUrl ${path} leads there`, async ({ visitor, registered }) => {
    const { email, password } = await registered();
    const answer = await visitor.submit(`/login?${new URLSearchParams({ callbackUrl: path })}`, {
      email,
      password,
    });
    expect(answer.location).toBe(visitor.origin + path);
  });

const EVIL = "evil.example";

/** Sent in the form's field, where no page of ours has judged them. */
const forged = [`//${EVIL}`, `/ok/../..//${EVIL}`, "javascript:alert(1)"];

/** None of these is a path on this site, whatever a parser somewhere on the way may think. */
const payloads = [
  ...forged,
  `https://${EVIL}`,
  `/\\${EVIL}`,
  `/\t/${EVIL}`,
  `\u0000//${EVIL}`,
  `https:${EVIL}`,
  `http://localhost@${EVIL}`,
  "account",
  "/login",
  `//${EVIL}/${"a".repeat(8192)}`,
  `http://${EVIL}/account`,
  `///${EVIL}`,
  `////${EVIL}/account`,
  `\\\\${EVIL}`,
  `\\/${EVIL}`,
  `/\\/${EVIL}`,
  `/\n/${EVIL}`,
  `/\r\n/${EVIL}`,
  `\t//${EVIL}`,
  ` //${EVIL}`,
  `/\u0085/${EVIL}\u0000`,
  `/account/..//${EVIL}`,
  `/.//${EVIL}`,
  `/./\\${EVIL}`,
  `/%2e%2e//${EVIL}`,
  `%2F%2F${EVIL}`,
  `%252F%252F${EVIL}`,
  `%5C%5C${EVIL}`,
  `https:/${EVIL}`,
  `https:\\\\${EVIL}`,
  `HTTPS://${EVIL}`,
  `http://localhost.${EVIL}`,
  `@${EVIL}`,
  `.${EVIL}`,
  "JaVaScRiPt:alert(1)",
  "java\nscript:alert(1)",
  "/\u0001javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "blob:https://evil.example/1",
  "?x=1",
  "#x",
  "",
  " ",
  "null",
  "[object Object]",
  "/login?callbackUrl=//evil.example",
  "/register",
  "/api/auth/signout",
  `/${"a".repeat(8192)}`,
];

test("a way back that leads off this site leads home: from the address, and from a forged field", async ({
  site,
  visitor,
  registered,
}) => {
  for (const payload of payloads) {
    const page = await visitor.get(loginPathWith(payload));
    expect(page.status, payload).toBe(200);
    expect(page.body, payload).not.toMatch(/(href|action|src)="[^"]*(evil\.example|javascript:|data:text)/i);
    const form = readForms(page.body).find(({ fields }) => fields.has("callbackUrl"));
    expect(form?.fields.get("callbackUrl"), payload).toBe("/"); // what this form would send as it stands
  }
  await Promise.all(
    forged.map(async (callbackUrl) => {
      const { email, password } = await registered();
      const answer = await new Visitor(site.origin).submit("/login", { email, password, callbackUrl });
      expect(answer.location, callbackUrl).toBe(`${site.origin}/`);
    }),
  );
});

test("several ways back at once lead home or to a page of ours", async ({ visitor, registered }) => {
  const { email, password } = await registered();
  const path = `/login?callbackUrl=/account&callbackUrl=//${EVIL}`;
  const answer = await visitor.submit(path, { email, password });
  expect([`${visitor.origin}/`, `${visitor.origin}/account`]).toContain(answer.location);
});

test("a browser sent off this site ends at home", async ({ page, registered }) => {
  const person = await registered();
  for (const payload of [`/\t/\\${EVIL}`, "javascript:alert(1)"]) {
    await page.goto(`/login?callbackUrl=${encodeURIComponent(payload)}`);
    await fillInLogin(page, person);
    await press(page, "Log in");
    await expect(heading(page, greetingOf())).toBeVisible();
    await expect(page).toHaveURL("/");
    await page.context().clearCookies();
  }
});

test("someone logged in is sent home from the login page, whatever its address says", {
  tag: "@next",
}, async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  for (const payload of ["/account", `//${EVIL}`, "javascript:alert(1)"]) {
    const answer = await visitor.get(`/login?${new URLSearchParams({ callbackUrl: payload })}`);
    expect(answer.location, payload).toBe(`${visitor.origin}/`);
  }
});

test("answers to a visitor show nothing of an account", async ({ visitor, registered }) => {
  const person = await registered();
  await tryLogIn(visitor, { ...person, password: newStranger().password });
  const answer = await visitor.get("/account");
  expect(answer.status).toBe(307);
  expect(textOf(answer.body)).not.toContain(person.username);
});

function loginPathWith(callbackUrl: string): string {
  return `/login?${new URLSearchParams({ callbackUrl })}`;
}
