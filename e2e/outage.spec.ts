import { randomBytes } from "node:crypto";
import {
  announced,
  expect,
  field,
  fillInLogin,
  greetingOf,
  heading,
  isLoggedIn,
  logIn,
  newStranger,
  press,
  register,
  SESSION_COOKIE,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { onIts, testOutage as test } from "./support/outage";
import { freePort, spawnApp } from "./support/server";
import { type Answer, send, textOf, Visitor } from "./support/visitor";

const UNAVAILABLE = "This site is unavailable right now";

// One PostgreSQL server more is enough for two cores: one worker tells all of these.
test.describe.configure({ mode: "default" });

const about = { tag: "@postgres" };

test(
  "while the database is down no one is let in, and afterwards everyone is again",
  about,
  async ({ postgres, server, visitor: inside, registered, enter }) => {
    const person = await registered();
    await enter(inside, person);
    const outside = new Visitor(server.origin);
    const [loginPage, registerPage] = [await outside.get("/login"), await outside.get("/register")];

    await postgres.stopServer();

    for (const path of ["/account", "/", "/login"]) await expectUnavailablePage(await inside.get(path));
    expect(inside.cookies.has(SESSION_COOKIE), "an outage logs no one out").toBe(true);

    const { email, password } = person;
    const login = await outside.send("/login", loginPage, { email, password });
    expect(login.status).toBe(503);
    expect(Number(login.headers["retry-after"])).toBeGreaterThan(0);
    expect(outside.cookies.has(SESSION_COOKIE)).toBe(false);
    const stranger = newStranger();
    const fields = { username: stranger.username, email: stranger.email };
    const registration = await outside.send("/register", registerPage, {
      ...fields,
      password,
      confirmation: password,
    });
    expect(registration.status).toBe(503);

    const csrf = await outside.get("/api/auth/csrf");
    const callback = await outside.request("/api/auth/callback/credentials", {
      method: "POST",
      body: new URLSearchParams({ email, password, csrfToken: JSON.parse(csrf.body).csrfToken }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", origin: server.origin },
    });
    expect(callback.status).toBe(503);
    expect(outside.cookies.has(SESSION_COOKIE)).toBe(false);
    expect((await inside.get("/api/auth/session")).status).toBe(503);
    expect(inside.cookies.has(SESSION_COOKIE)).toBe(true);

    await postgres.startAgain();

    await expect.poll(() => isLoggedIn(inside)).toBe(true);
    await register(outside, stranger);
    await logIn(outside, stranger);
    expect(await isLoggedIn(outside)).toBe(true);
  },
);

test("pages that need no database stay open", about, async ({ postgres, visitor }) => {
  await postgres.stopServer();
  for (const path of ["/", "/login", "/register"]) expect((await visitor.get(path)).status, path).toBe(200);
  const cookie = `latchkey.0123abcd.session=${randomBytes(32).toString("base64url")}`; // of another installation on this host
  for (const path of ["/login", "/register"])
    expect((await visitor.get(path, { cookie })).status, path).toBe(200);
  expect((await visitor.get("/nowhere")).status).toBe(404);
  expect((await visitor.get("/account")).location).toBe(`${visitor.origin}/login?callbackUrl=%2Faccount`);
});

test(
  "a start waits for a database that is not up yet, and says so",
  about,
  async ({ postgres, emptyDatabase }) => {
    await postgres.stopServer();
    const { DATA_DIR } = await emptyDatabase();
    const PORT = String(await freePort());
    const starting = spawnApp({ DATA_DIR, PORT, ...onIts(postgres) });
    await expect.poll(starting.output).toContain("Waiting for the PostgreSQL database");
    await postgres.startAgain();
    const status = () =>
      send(`http://localhost:${PORT}/login`).then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(status).toBe(200);
    starting.kill("SIGTERM");
    expect(await starting.exit).toBe(0);
  },
);

test(
  "someone at the login form is told, keeps what they typed and gets in later",
  about,
  async ({ page, postgres, server, registered }) => {
    const person = await registered();
    await page.goto("/login");
    await fillInLogin(page, person);
    await postgres.stopServer();
    await press(page, "Log in");
    await expect(announced(page, "alert", "try again")).toBeVisible();
    await expect(field(page, "Email")).toHaveValue(person.email);
    await expectNoBarriers(page);

    await postgres.startAgain();
    await expect.poll(async () => (await send(`${server.origin}/api/health/ready`)).status).toBe(200);
    await fillInLogin(page, person);
    await press(page, "Log in");
    await expect(heading(page, greetingOf(person.username))).toBeVisible();
  },
);

test(
  "someone logged in sees our own page, without barriers, and finds the account there later",
  about,
  async ({ page, postgres, loggedIn }) => {
    const person = await loggedIn();
    await postgres.stopServer();
    const answer = await page.goto("/account");
    expect(answer?.status()).toBe(503);
    await expect(heading(page, UNAVAILABLE)).toBeVisible();
    await expectNoBarriers(page);

    await postgres.startAgain();
    await expect(async () => {
      await page.goto("/account");
      await expect(page.getByText(person.email, { exact: true })).toBeVisible({ timeout: 1000 });
    }).toPass();
  },
);

/** Expects our own error page, complete without a script: what happened, a number to report, a way out. */
async function expectUnavailablePage(answer: Answer): Promise<void> {
  expect(answer.status).toBe(503);
  expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  expect(answer.headers["content-type"]).toMatch(/^text\/html/);
  expect(answer.headers["cache-control"]).toContain("no-store");
  const text = textOf(answer.body);
  expect(text).toContain(UNAVAILABLE);
  expect(text).toContain(String(answer.headers["x-request-id"]));
  expect(answer.body).toMatch(/<a [^>]*href="|<button/);
  expect(text).not.toMatch(/prisma|postgres|ECONNREFUSED|stack|at \w+ \(/i);
}
