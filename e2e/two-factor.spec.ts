import { readFile } from "node:fs/promises";
import { DAY_MS, MINUTE_MS } from "../lib/testing/product";
import { change } from "../lib/testing/session-rows";
import { codeShown } from "../lib/testing/totp";
import {
  announced,
  cookieIn,
  enter,
  expect,
  expectFieldError,
  fillIn,
  fillInLogin,
  heading,
  isLoggedIn,
  type Member,
  newMember,
  press,
  register,
  SESSION_COOKIE,
  sessionToken,
  test,
  tryLogIn,
} from "./fixtures";
import { freshCode, keyIn, recoveryCodesIn, setUpApp } from "./support/authenticator";
import { expectNoBarriers } from "./support/axe";
import { newDevice, pressOnceReady } from "./support/device";
import { linesFor, textOf, Visitor } from "./support/visitor";

const PENDING_COOKIE = "latchkey.pending-login";
const HERE = "/account/two-factor";
const WRONG = "That code is wrong or was used already. Type the one that your app shows now.";

test("someone sets up an authenticator app, keeps the recovery codes, and logs in with a code and with one of them", async ({
  page,
  database,
  loggedIn,
  context,
}) => {
  const person = await loggedIn();
  await page.goto("/account");
  await page.getByRole("link", { name: "Two-factor" }).click();
  await expect(page).toHaveTitle("Two-factor · Latchkey");
  await press(page, "Set up an authenticator app");
  await expect(page.getByRole("img", { name: "QR of the key below" })).toBeVisible();
  const secret = keyIn(inOneLine(await page.getByRole("main").innerText()));
  await expectNoBarriers(page);
  const wrong = codeShown(secret, 7) === "000000" ? "000001" : "000000";
  await fillIn(page, { Code: wrong });
  await press(page, "Turn on");
  await expectFieldError(page, "Code", WRONG);
  expect(keyIn(inOneLine(await page.getByRole("main").innerText())), "the app has this key").toBe(secret);
  await fillIn(page, { Code: codeShown(secret) });
  await press(page, "Turn on");

  await expect(page.getByRole("heading", { name: "Your recovery codes" })).toBeVisible();
  await expect(announced(page, "status", "Your authenticator app is set up")).toBeVisible();
  const codes = recoveryCodesIn(await page.getByRole("main").innerText());
  expect(codes).toHaveLength(10);
  await expectNoBarriers(page);
  const saving = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const file = await readFile(await (await saving).path(), "utf8");
  for (const code of codes) expect(file).toContain(code);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await press(page, "Copy");
  await expect(announced(page, "status", "The codes are copied.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(codes.join("\n"));
  await expect(page.getByRole("button", { name: "Print" })).toBeVisible();
  await page.reload();
  await expect(page).toHaveURL(HERE);
  expect(recoveryCodesIn(await page.getByRole("main").innerText()), "shown once").toEqual([]);
  await expect(page.getByRole("main")).toContainText("10 of 10 are left");
  await expectNoBarriers(page);

  await page.goto("/account");
  await page.getByRole("button", { name: "Log out" }).first().click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  await page.goto("/account/sessions");
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(heading(page, "One more step")).toBeVisible();
  expect(await cookieIn(context, SESSION_COOKIE)).toBeUndefined();
  await expectNoBarriers(page);
  await page.goto("/account");
  await expect(heading(page, "Log in"), "nothing else opens").toBeVisible();
  await page.goBack();
  await database.query(
    'UPDATE "Authenticator" SET "lastStep" = "lastStep" + 10 WHERE "userId" = ?',
    person.id,
  );
  await fillIn(page, { Code: codeShown(secret) });
  await press(page, "Log in");
  await expectFieldError(page, "Code", WRONG); // as if it had been used
  await page.getByRole("link", { name: "Use a recovery code" }).click();
  await fillIn(page, { "Recovery code": codes[0]?.toLowerCase().replaceAll("-", " ") ?? "" });
  await press(page, "Log in");
  await expect(page).toHaveURL("/account/sessions");
  await page.goto("/account/history");
  await expect(page.getByRole("main")).toContainText("with your password and a recovery code");

  await page.goto("/account/two-factor");
  await expect(page.getByRole("main")).toContainText("9 of 10 are left");
  await database.query('UPDATE "Authenticator" SET "lastStep" = 0 WHERE "userId" = ?', person.id);
  await page.getByRole("link", { name: "Remove it" }).click();
  await press(page, "Remove the app");
  await expect(announced(page, "status", "Your authenticator app is removed")).toBeVisible();
  await expect(page.getByRole("button", { name: "Set up an authenticator app" })).toBeVisible();
});

test("without a script an app is set up, a recovery code finishes a login and the app is removed", async ({
  site,
  database,
}) => {
  const { person, app } = await someoneWithApp(site, database);
  const visitor = new Visitor(site.origin);
  const { page } = await visitor.follow(await reachSecondStep(visitor, person));
  const [, other = ""] = /<a [^>]*href="([^"]*)"[^>]*>[^<]*Use a recovery code</.exec(page.body) ?? [];
  const answer = await visitor.submit(other.replaceAll("&amp;", "&"), { recoveryCode: app.recoveryCodes[0] });
  expect(answer.location).toBe(`${site.origin}/`);
  expect(await isLoggedIn(visitor)).toBe(true);
  expect(textOf((await visitor.get(HERE)).body)).toContain("9 of 10 are left");
  await visitor.submit(`${HERE}/remove`, {}, { button: "Remove the app" });
  expect(textOf((await visitor.get(HERE)).body)).toContain("Set up an authenticator app");
});

/** Somebody with an app, and a browser in which they are logged in. */
async function someoneWithApp({ origin }: { origin: string }, database: Parameters<typeof newMember>[0]) {
  const person = await newMember(database);
  const visitor = new Visitor(origin);
  await enter(database, visitor, person);
  return { person, visitor, app: await setUpApp(visitor) };
}

/** Logs in as far as the second step; answers where that is. */
async function reachSecondStep(visitor: Visitor, person: Member, remember = false): Promise<string> {
  const answer = await tryLogIn(visitor, person, remember);
  expect(answer.location).toContain("/second-step");
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
  return answer.location ?? "";
}

test("a login that waits for its second step opens nothing, survives in its own browser alone, and leads on to the page asked for", {
  tag: "@both",
}, async ({ site, database }) => {
  const { person, visitor: owner, app } = await someoneWithApp(site, database);
  const visitor = new Visitor(site.origin);
  const login = await visitor.submit("/login?callbackUrl=%2Faccount%2Fhistory%3Fbefore%3Dx", {
    email: person.email,
    password: person.password,
    remember: "on",
  });
  const step = login.location ?? "";
  expect(new URL(step).searchParams.get("callbackUrl")).toBe("/account/history?before=x");
  expect(linesFor(login, SESSION_COOKIE)).toEqual([]);
  expect(linesFor(login, PENDING_COOKIE)[0]).toMatch(/Max-Age=600;.*HttpOnly; SameSite=lax/i);
  for (const path of ["/account", "/account/data/file", "/account/two-factor", "/account/history.csv"])
    expect((await visitor.get(path)).location, path).toMatch(/\/(login|session-ended)\?/);
  expect((await visitor.get("/api/auth/session")).body).toBe("null");
  expect((await new Visitor(site.origin).get("/second-step")).location).toContain("/session-ended");

  const opened = await visitor.follow(step);
  const code = await freshCode(database, person, app);
  const answer = await visitor.send(opened.path, opened.page, { code });
  expect(answer.location).toBe(`${site.origin}/account/history?before=x`);
  const expires = Date.parse(/expires=([^;]+)/i.exec(linesFor(answer, SESSION_COOKIE)[0] ?? "")?.[1] ?? "");
  expect((expires - Date.now()) / DAY_MS, "remembered, as was asked at the first step").toBeGreaterThan(29.9);
  expect(await isLoggedIn(visitor)).toBe(true);
  expect(await isLoggedIn(owner)).toBe(true);

  const twin = await visitor.send(opened.path, opened.page, { code });
  expect(twin.location, "the second press of its button").toBe(answer.location);
  const late = await visitor.send(opened.path, opened.page, { code: "123456" });
  expect(late.location).toContain("/login?callbackUrl=");
});

test("what is typed at a second step counts for the login that its page was made for", async ({
  site,
  database,
}) => {
  const [ada, bob] = [await someoneWithApp(site, database), await someoneWithApp(site, database)];
  const visitor = new Visitor(site.origin);
  const first = await visitor.follow(await reachSecondStep(visitor, ada.person));
  await reachSecondStep(visitor, bob.person);
  const code = await freshCode(database, ada.person, ada.app);
  const answer = await visitor.send(first.path, first.page, { code });
  expect(textOf(answer.body)).toContain("this page was opened for another login");
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
  const rows = await database.query<{ key: string }>('SELECT "key" FROM "LoginBackoff"');
  expect(JSON.stringify(rows), "nobody's try").not.toContain(bob.person.id);
});

test("a browser that is logged in to one account finishes the second step of another, and is that person then", async ({
  site,
  database,
}) => {
  const [{ person: ada, visitor }, bob] = [
    await someoneWithApp(site, database),
    await someoneWithApp(site, database),
  ];
  const loginPage = await new Visitor(site.origin).get("/login"); // in a tab that was open before
  const { email, password } = bob.person;
  const half = await visitor.send("/login", loginPage, { email, password });
  const opened = await visitor.follow(half.location ?? "");
  expect(textOf((await visitor.get("/account")).body), "nothing has changed yet").toContain(ada.username);
  const code = await freshCode(database, bob.person, bob.app);
  expect((await visitor.send(opened.path, opened.page, { code })).location).toBe(`${site.origin}/`);
  expect(textOf((await visitor.get("/account")).body)).toContain(bob.person.username);
  await visitor.send("/login", loginPage, { email: ada.email, password: ada.password });
  expect(visitor.cookies.has(PENDING_COOKIE)).toBe(true);
  await visitor.submit("/account", {}, { button: "Log out" });
  expect(visitor.cookies.has(PENDING_COOKIE), "who logs out leaves no login that waits").toBe(false);
});

test("a browser that is not asked again logs in with the password alone, until it is forgotten under Sessions", async ({
  site,
  database,
}) => {
  const { person, visitor: owner, app } = await someoneWithApp(site, database);
  const visitor = new Visitor(site.origin);
  const opened = await visitor.follow(await reachSecondStep(visitor, person));
  const code = await freshCode(database, person, app);
  await visitor.send(opened.path, opened.page, { code, trust: "on" });
  expect(await isLoggedIn(visitor)).toBe(true);
  const again = async () => {
    visitor.cookies.delete(SESSION_COOKIE);
    return tryLogIn(visitor, person);
  };
  expect((await again()).location).toBe(`${site.origin}/`);
  expect(await isLoggedIn(visitor)).toBe(true);
  expect((await visitor.get("/account/two-factor/set-up")).location, "a proof that is not whole").toContain(
    "/account/re-authenticate",
  );

  const list = await owner.get("/account/sessions");
  expect(textOf(list.body)).toContain("Not asked for a second factor until");
  expect((await owner.send("/account/sessions", list, {}, { button: "Forget" })).status).toBe(303);
  expect((await again()).location).toContain("/second-step");
});

test("what a borrowed browser must not do takes the second factor too, and a password alone changes nothing", async ({
  site,
  database,
}) => {
  const { person, visitor, app } = await someoneWithApp(site, database);
  const pages = ["/account/password", "/account/email", "/account/delete", "/account/two-factor/set-up"];
  const open = await visitor.get("/account/password");
  expect(open.status).toBe(200);
  const old = new Date(Date.now() - 16 * MINUTE_MS);
  await change(database, sessionToken(visitor), { createdAt: old });
  await database.query('UPDATE "Session" SET "secondFactorAt" = ? WHERE "userId" = ?', old, person.id);
  for (const path of pages.filter((path) => path !== "/account/email"))
    expect((await visitor.get(path)).location, path).toContain("/account/re-authenticate");
  const password = "open-sesame quite another password";
  const sent = { currentPassword: person.password, password, confirmation: password };
  const refused = await visitor.send("/account/password", open, sent);
  expect(refused.location).toContain("/account/re-authenticate");
  expect(await tryLogIn(new Visitor(site.origin), person).then(({ location }) => location)).toContain(
    "/second-step",
  );

  const asked = await visitor.follow(refused.location ?? "");
  expect(textOf(asked.page.body)).toContain("needs your password and your second factor");
  const alone = await visitor.send(asked.path, asked.page, { password: person.password, code: "" });
  expect(textOf(alone.body)).toContain("Type the code that your app shows.");
  const wrong = await visitor.send(asked.path, asked.page, { password: person.password, code: "000000" });
  expect(textOf(wrong.body)).toContain(WRONG);
  const code = await freshCode(database, person, app);
  const proven = await visitor.send(asked.path, asked.page, { password: person.password, code });
  expect(proven.location).toBe(`${site.origin}/account/password`);
  expect((await visitor.get("/account/two-factor/set-up")).location).toBe(`${site.origin}${HERE}`);
});

test("the credentials route says that a second factor is needed, and opens nothing", {
  tag: "@servers",
}, async ({ site, database }) => {
  const { person } = await someoneWithApp(site, database);
  for (const headers of [{}, { "x-auth-return-redirect": "1" }]) {
    const visitor = new Visitor(site.origin);
    const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body);
    const { email, password } = person;
    const fields = { email, password, csrfToken, callbackUrl: "/account/history" };
    const answer = await visitor.request("/api/auth/callback/credentials", {
      method: "POST",
      body: new URLSearchParams(fields).toString(),
      headers: {
        ...headers,
        "content-type": "application/x-www-form-urlencoded",
        origin: site.origin,
      },
    });
    const to = answer.location ?? JSON.parse(answer.body).url;
    expect(new URL(to).pathname).toBe("/second-step");
    expect(new URL(to).searchParams.get("callbackUrl")).toBe("/account/history");
    expect(new URL(to).searchParams.get("error")).toBe(
      "x-auth-return-redirect" in headers ? "SecondFactorNeeded" : null,
    );
    expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
    expect((await visitor.get("/api/auth/session")).body).toBe("null");
    expect(textOf((await visitor.follow(to)).page.body)).toContain("One more step");
  }
});

test("where a second factor is required, everybody is led to set one up, and gets nowhere else before", async ({
  browser,
  sharedServer,
}) => {
  const server = await sharedServer({ REQUIRE_TWO_FACTOR: "true" });
  const visitor = new Visitor(server.origin);
  const person = await register(visitor);
  const login = await visitor.submit("/login?callbackUrl=%2Faccount%2Femail-free", {
    email: person.email,
    password: person.password,
  });
  expect(login.location).toContain("/second-step?callbackUrl=%2Faccount%2Femail-free");
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
  for (const path of ["/account", "/account/two-factor"])
    expect((await visitor.get(path)).location).toMatch(/\/(login|session-ended)\?/);
  const begun = await visitor.submit(login.location ?? "", {}, { button: "Set up an authenticator app" });
  const { path, page } = await visitor.follow(begun.location ?? "");
  const secret = keyIn(textOf(page.body));
  const wrong = await visitor.send(path, page, { code: "000000" });
  expect(textOf(wrong.body)).toContain(WRONG);
  const answer = await visitor.send(path, page, { code: codeShown(secret) });
  expect(answer.location).toContain("/account/two-factor/recovery-codes?callbackUrl=");
  const shown = await visitor.follow(answer.location ?? "");
  expect(recoveryCodesIn(textOf(shown.page.body))).toHaveLength(10);
  expect(shown.page.body).toContain('href="/account/email-free"');
  const own = textOf((await visitor.get("/account/two-factor")).body);
  expect(own).toContain("Replace it");
  expect(own).not.toContain("Remove it");
  expect((await visitor.get("/account/two-factor/remove")).status).toBe(404);

  visitor.cookies.delete(SESSION_COOKIE);
  expect((await tryLogIn(visitor, person)).location).toContain("/second-step");

  const other = await register(new Visitor(server.origin));
  const tab = await (await browser.newContext({ baseURL: server.origin })).newPage();
  await newDevice(tab);
  await tab.goto("/login?callbackUrl=%2Faccount%2Fpasskeys");
  await fillInLogin(tab, other);
  await press(tab, "Log in");
  await pressOnceReady(tab, "Add a passkey instead");
  await expect(announced(tab, "status", "Your passkey is added.")).toBeVisible();
  await expect(tab).toHaveURL(`${server.origin}/account/passkeys`);
  await tab.context().close();
});

test("an installation without second factors shows nothing of them", async ({ sharedServer }) => {
  const server = await sharedServer({ TWO_FACTOR: "false" });
  const visitor = new Visitor(server.origin);
  const person = await register(visitor);
  expect((await tryLogIn(visitor, person)).location).toBe(`${server.origin}/`);
  expect(textOf((await visitor.get("/account")).body)).not.toContain("Two-factor");
  for (const path of ["", "/set-up", "/remove", "/new-recovery-codes"])
    expect((await visitor.get(`/account/two-factor${path}`)).status, path).toBe(404);
});

function inOneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
