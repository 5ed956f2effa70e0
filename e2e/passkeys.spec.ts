import type { Page } from "playwright/test";
import { newAuthenticator } from "../lib/testing/person";
import { MINUTE_MS } from "../lib/testing/product";
import {
  announced,
  cookieIn,
  expect,
  fillIn,
  fillInLogin,
  heading,
  press,
  register,
  SESSION_COOKIE,
  test,
  tryLogIn,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { newDevice, pressOnceReady } from "./support/device";
import { textOf, Visitor } from "./support/visitor";

const HERE = "/account/passkeys";
const QUESTIONS = "/api/passkey-question";

test("someone adds passkeys, names them, logs in with one by the button and by what the browser offers, and removes one", async ({
  page,
  context,
  loggedIn,
}) => {
  const person = await loggedIn();
  const device = await newDevice(page);
  await page.goto("/account");
  await page.getByRole("link", { name: "Passkeys" }).click();
  await expect(page).toHaveTitle("Passkeys · Latchkey");
  await pressOnceReady(page, "Add a passkey");
  await expect(announced(page, "status", "Your passkey is added.")).toBeVisible();
  await expectNoBarriers(page);
  await pressOnceReady(page, "Add a passkey");
  await expect(announced(page, "alert", "This device has a passkey for your account already.")).toBeVisible();
  await page.getByRole("link", { name: "Rename" }).click();
  await fillIn(page, { Name: "" });
  await press(page, "Rename");
  await expect(page.getByText("Type a name.")).toBeVisible();
  await fillIn(page, { Name: "  My   laptop " });
  await press(page, "Rename");
  await expect(announced(page, "status", "Your passkey has its new name.")).toBeVisible();
  await expect(page.getByRole("main")).toContainText("My laptop");
  await expect(page.getByRole("main")).toContainText("never used yet");
  await device.unplug();
  const key = await newDevice(page);
  await pressOnceReady(page, "Add a passkey");
  await expect(announced(page, "status", "Your passkey is added.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Rename" })).toHaveCount(2);

  await key.ignore();
  await page.getByRole("button", { name: "Log out" }).first().click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  await page.goto("/account/history");
  await expect(page.getByLabel("Email", { exact: true })).toHaveAttribute(
    "autocomplete",
    "username webauthn",
  );
  await expectNoBarriers(page);
  await page.getByLabel("Remember me").check();
  await key.obey();
  await pressOnceReady(page, "Use a passkey");
  await expect(page).toHaveURL("/account/history");
  await expect(page.getByRole("main")).toContainText("with a passkey");
  const cookie = await cookieIn(context, SESSION_COOKIE);
  expect(cookie?.expires, "remembered, as the box of the other form says").toBeGreaterThan(0);

  await page.goto(HERE);
  await page.getByRole("main").getByRole("link", { name: "Remove" }).first().click();
  await press(page, "Remove the passkey");
  await expect(announced(page, "status", "Your passkey is removed.")).toBeVisible();
  await expect(page.getByRole("main")).toContainText("My laptop");
  await expect.poll(() => key.passkeys(), "the device was told").toBe(0);
  await context.clearCookies();
  await page.clock.install();
  let questions = 0;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === QUESTIONS) questions += 1;
  });
  await page.goto("/login");
  await expect(page.locator("input[autocomplete='username webauthn']")).toBeVisible();
  expect(await context.cookies(), "who only looks at it gets no cookie").toEqual([]);
  await lookAway(page, true);
  await page.clock.fastForward(5 * MINUTE_MS);
  await page.evaluate(async () => {
    await PublicKeyCredential.isConditionalMediationAvailable();
    await fetch("/robots.txt"); // goes out after what the page would have asked
  });
  expect(questions, "a page that nobody looks at asks for nothing").toBe(1);
  await lookAway(page, false);
  await expect.poll(() => questions).toBe(2);
  await pressOnceReady(page, "Use a passkey");
  await expect(announced(page, "alert", "No passkey was used: that was cancelled")).toBeVisible();
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(page).toHaveURL("/");
});

/** Opens the login page, in whose field no question waits: the devices here would answer it at once. */
async function openWithoutOffer(page: Page): Promise<void> {
  await page.goto("about:blank"); // the page before may ask again itself
  await page.route(`**${QUESTIONS}`, (route) => route.fulfill({ status: 204 }), { times: 1 });
  const asked = page.waitForResponse(`**${QUESTIONS}`);
  await page.goto("/login");
  await asked;
}

/** Puts the page behind another one, or in front again. */
async function lookAway(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("what was cancelled, copied, sent again or comes from a key that keeps nothing logs nobody in, and says why", async ({
  page,
  context,
  database,
  loggedIn,
}) => {
  const person = await loggedIn();
  const plain = await newDevice(page, { hasResidentKey: false, transport: "usb" });
  await page.goto(HERE);
  await pressOnceReady(page, "Add a passkey");
  await expect(page.getByRole("main").getByRole("alert")).toContainText(
    "No passkey was added: that was cancelled",
  );
  await plain.unplug();
  const device = await newDevice(page);
  await device.verify(false);
  await pressOnceReady(page, "Add a passkey");
  await expect(announced(page, "alert", "No passkey was added: that was cancelled")).toBeVisible();
  await device.verify(true);
  await pressOnceReady(page, "Add a passkey");
  await expect(announced(page, "status", "Your passkey is added.")).toBeVisible();

  await page.goto("/account/re-authenticate?callbackUrl=%2Faccount%2Fhistory");
  await device.verify(false);
  await pressOnceReady(page, "Use a passkey");
  await expect(announced(page, "alert", "No passkey was used: that was cancelled")).toBeVisible();
  await device.verify(true);
  await context.clearCookies();
  const sent = page.waitForRequest((request) => (request.postData() ?? "").includes("clientDataJSON"));
  await page.goto("/login", { waitUntil: "commit" }); // where this device chooses at once
  const request = await sent;
  await expect(page).toHaveURL("/");
  await context.clearCookies({ name: (await cookieIn(context, SESSION_COOKIE))?.name ?? "" });
  const again = await page.request.post("/login", {
    headers: await request.allHeaders(),
    data: request.postDataBuffer() ?? "",
  });
  expect(await again.text()).toContain("sent twice");
  expect(await cookieIn(context, SESSION_COOKIE)).toBeUndefined();

  await device.countBack();
  await openWithoutOffer(page);
  await pressOnceReady(page, "Use a passkey");
  await expect(announced(page, "alert", "That passkey was not accepted.")).toBeVisible();
  expect(await cookieIn(context, SESSION_COOKIE)).toBeUndefined();
  await openWithoutOffer(page);
  await database.query('DELETE FROM "Passkey" WHERE "userId" = ?', person.id);
  await pressOnceReady(page, "Use a passkey");
  await expect(announced(page, "alert", "This passkey is not known here any more.")).toBeVisible();
  await expect.poll(() => device.passkeys(), "the device was told").toBe(0);
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(page).toHaveURL("/");
});

test.describe("at another address of the site", () => {
  test.use({ providerOrigin: ({ site }, use) => use(site.origin.replace("localhost", "127.0.0.1")) });

  test("a script takes away the button of a passkey, which would not work there", async ({
    page,
    providerOrigin,
  }) => {
    const sent = await new Visitor(providerOrigin).get("/login");
    expect(textOf(sent.body)).toContain("Use a passkey");
    await page.goto(`${providerOrigin}/login`);
    const buttons = page.getByRole("main").getByRole("button");
    await expect(buttons.filter({ hasText: "Use a passkey" })).toHaveCount(0);
    await expect(buttons.filter({ hasText: "Log in" })).toBeVisible();
  });
});

test("a passkey is the second step of a login, and proves again who is logged in", async ({
  page,
  context,
  database,
  loggedIn,
}) => {
  const person = await loggedIn();
  const device = await newDevice(page);
  await page.goto(HERE);
  await pressOnceReady(page, "Add a passkey");
  await expect(announced(page, "status", "Your passkey is added.")).toBeVisible();
  await newAuthenticator(database, person);
  await page.goto("/account/two-factor/set-up");
  await expect(page.getByRole("heading", { name: "Confirm that it is you" })).toBeVisible();
  await pressOnceReady(page, "Use a passkey");
  await expect(page).toHaveURL("/account/two-factor");
  await context.clearCookies();
  await device.ignore();
  await page.goto("/login?callbackUrl=%2Faccount%2Fhistory");
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(heading(page, "One more step")).toBeVisible();
  await expectNoBarriers(page);
  await device.obey();
  await pressOnceReady(page, "Use a passkey");
  await expect(page).toHaveURL("/account/history");
  await expect(page.getByRole("main")).toContainText("with your password and a passkey");
});

test("a browser that can saves a passkey by itself after a login, once, and offers it in the email field at the next", {
  tag: "@servers",
}, async ({ page, context, registered }) => {
  const person = await registered({ isVerified: true });
  const device = await newDevice(page);
  // Chromium saves one beside a password of its password manager alone, which no test has: so here it makes one as it would when asked.
  await page.addInitScript(() => {
    const create = navigator.credentials.create.bind(navigator.credentials);
    navigator.credentials.create = ({ publicKey, signal }: CredentialCreationOptions = {}) =>
      create({ publicKey, signal });
  });
  await page.goto("/login");
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(page).toHaveURL("/");
  await expect(announced(page, "status", "Your browser saved a passkey")).toBeVisible();
  await page.getByRole("link", { name: "See your passkeys" }).click();
  await expect(page.getByRole("link", { name: "Rename" })).toHaveCount(1);
  await page.getByRole("main").getByRole("link", { name: "Remove" }).click();
  await press(page, "Remove the passkey");
  await expect(announced(page, "status", "Your passkey is removed.")).toBeVisible();
  await page.goto("/");
  await expect(heading(page, /^Welcome/)).toBeVisible();
  await page.goto(HERE);
  await expect(page.getByRole("link", { name: "Rename" }), "it is asked once").toHaveCount(0);
  await pressOnceReady(page, "Add a passkey");
  await expect(announced(page, "status", "Your passkey is added.")).toBeVisible();
  await context.clearCookies();
  await page.goto("/login?callbackUrl=%2Faccount%2Fhistory");
  await expect(page, "this device chooses at once").toHaveURL("/account/history");
  await device.unplug();
});

test("an installation says where its passkeys are, and one without them shows nothing of them", async ({
  site,
  sharedServer,
}) => {
  const here = `${site.origin}${HERE}`;
  const endpoints = await new Visitor(site.origin).get("/.well-known/passkey-endpoints");
  expect(JSON.parse(endpoints.body)).toEqual({ enroll: here, manage: here });
  expect(textOf((await new Visitor(site.origin).get("/login")).body)).toContain("A passkey needs a script");
  const plain = await new Visitor(site.origin).submit("/login", {}, { button: "Use a passkey" });
  expect(textOf(plain.body)).toContain("A passkey needs a script, and none ran here yet.");
  const headers = { "page-secret": "x".repeat(43) };
  const question = await new Visitor(site.origin).get(QUESTIONS, headers);
  expect(JSON.parse(question.body)).toMatchObject({ rpId: "localhost", userVerification: "required" });
  expect(question.headers["set-cookie"], "who asks gets no cookie").toBeUndefined();
  expect((await new Visitor(site.origin).get(QUESTIONS)).status, "of no page").toBe(404);
  const server = await sharedServer({ PASSKEYS: "false" });
  const visitor = new Visitor(server.origin);
  const person = await register(visitor);
  expect(textOf((await visitor.get("/login")).body)).not.toMatch(/passkey/i);
  expect((await tryLogIn(visitor, person)).location).toBe(`${server.origin}/`);
  expect(textOf((await visitor.get("/account")).body)).not.toContain("Passkeys");
  for (const path of [HERE, "/.well-known/passkey-endpoints", QUESTIONS])
    expect((await visitor.get(path, headers)).status, path).toBe(404);
});
