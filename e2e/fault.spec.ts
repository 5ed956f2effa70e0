import type { Database } from "../lib/testing/look-in";
import {
  announced,
  expect,
  fillInLogin,
  heading,
  isLoggedIn,
  logIn,
  newStranger,
  press,
  register,
  SESSION_COOKIE,
  testAlone,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { eventsIn } from "./support/log";
import { type Answer, textOf, Visitor } from "./support/visitor";

/** What no answer may tell a visitor: how this app is made. */
const INNARDS = /prisma|sqlite|postgres|\.next|node_modules|passwordHash|createdAt|\bat \S+ \(/i;

/** The app on a database that the story can break and mend: it gives two columns other names. */
const test = testAlone.extend<{ fault: { breakIt(): Promise<void>; mendIt(): Promise<void> } }>({
  fault: async ({ database }, use) => {
    let isBroken = false;
    const breakIt = async () => {
      await rename(database, "", "_gone");
      isBroken = true;
    };
    const mendIt = async () => {
      await rename(database, "_gone", "");
      isBroken = false;
    };
    await use({ breakIt, mendIt });
    if (isBroken) await mendIt();
  },
});

async function rename(database: Database, from: string, to: string): Promise<void> {
  for (const column of ["createdAt", "passwordHash"])
    await database.query(`ALTER TABLE "User" RENAME COLUMN "${column}${from}" TO "${column}${to}"`);
}

test.use({ expectsFailures: true });

test("a fault of ours shows a number and no details, lets no one in and passes", async ({
  fault,
  server,
  visitor: inside,
  registered,
  enter,
}) => {
  const person = await registered();
  await enter(inside, person);
  const outside = new Visitor(server.origin);
  const [loginPage, registerPage] = [await outside.get("/login"), await outside.get("/register")];
  const { csrfToken } = JSON.parse((await outside.get("/api/auth/csrf")).body);
  const { email, password } = person;
  const stranger = newStranger();
  const before = server.output().length;

  await fault.breakIt();

  const pages = [
    await inside.get("/account"),
    await inside.get("/"),
    await outside.send("/login", loginPage, { email, password }),
    await outside.send("/register", registerPage, {
      username: stranger.username,
      email: stranger.email,
      password: stranger.password,
      confirmation: stranger.password,
    }),
  ];
  for (const page of pages) expectOurPage(page);
  const data = await inside.get("/api/auth/session");
  const callback = await outside.request("/api/auth/callback/credentials", {
    method: "POST",
    body: new URLSearchParams({ email, password, csrfToken }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", origin: server.origin },
  });
  for (const { status, body, headers } of [data, callback]) {
    expect(status).toBe(500);
    expect(JSON.parse(body)).toEqual({ error: "internal error", requestId: headers["x-request-id"] });
  }
  expect(outside.cookies.has(SESSION_COOKIE), "a fault lets no one in").toBe(false);
  expect(inside.cookies.has(SESSION_COOKIE), "a fault logs no one out").toBe(true);

  const errors = eventsIn(server.output().slice(before)).filter(({ event }) => event === "error");
  expect(errors.map(({ requestId }) => requestId)).toEqual(
    [...pages, data, callback].map(({ headers }) => headers["x-request-id"]),
  );
  for (const line of errors) {
    expect(line).toMatchObject({ level: "error", error: { stack: expect.stringMatching(/^at /) } });
    for (const value of [email, stranger.email, person.username])
      expect(JSON.stringify(line)).not.toContain(value);
  }

  await fault.mendIt();

  expect(await isLoggedIn(inside)).toBe(true);
  await register(outside, stranger);
  await logIn(outside, stranger);
});

test("someone who meets a fault sees our own page, without barriers, and a form says whose fault it is", async ({
  page,
  context,
  fault,
  visitor,
  registered,
  enter,
}) => {
  const person = await registered();
  await enter(visitor, person);
  await page.goto("/login");
  await fillInLogin(page, person);

  await fault.breakIt();

  await press(page, "Log in");
  await expect(
    announced(page, "alert", "Something went wrong on our side. Try again in a moment."),
  ).toBeVisible();
  for (const [name, value] of visitor.cookies)
    await context.addCookies([{ name, value, url: visitor.origin }]);
  const answer = await page.goto("/account");
  expect(answer?.status()).toBe(500);
  await expect(heading(page, "Something went wrong")).toBeVisible();
  await expectNoBarriers(page);
});

/** Expects our own error page, complete without a script: what happened, a number to report, a way out. */
function expectOurPage(answer: Answer): void {
  expect(answer.status).toBe(500);
  expect(answer.headers["content-type"]).toMatch(/^text\/html/);
  expect(answer.headers["cache-control"]).toContain("no-store");
  const text = textOf(answer.body);
  expect(text).toContain("Something went wrong");
  expect(text).toContain(String(answer.headers["x-request-id"]));
  expect(answer.body).toMatch(/<a [^>]*href="\/"/);
  expect(answer.body).not.toMatch(/<script/);
  expect(answer.body).not.toMatch(INNARDS);
}
