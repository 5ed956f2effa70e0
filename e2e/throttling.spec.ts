import { openDatabase } from "../lib/testing/look-in";
import { MINUTE_MS, SECOND_MS } from "../lib/testing/product";
import {
  becomeKnown,
  expect,
  isLoggedIn,
  logIn,
  newStranger,
  register,
  SESSION_COOKIE,
  test,
  tryLogIn,
} from "./fixtures";
import { failTooOften } from "./support/backoff";
import { type Answer, newAddress, textOf, Visitor } from "./support/visitor";

const WRONG = "a wrong guess it is";
const WAIT =
  /(?:Too many attempts|Several accounts were registered from your network)\. Please try again in (\d+) (seconds|minutes)\./;

/** How long the page says to wait, in seconds; null when it does not. */
function waitOf({ body }: Answer): number | null {
  const [, count, unit] = WAIT.exec(textOf(body)) ?? [];
  return count === undefined ? null : Number(count) * (unit === "minutes" ? 60 : 1);
}

/** Where the browser of a story comes from. */
function addressIn(headers: Record<string, string> | undefined): string {
  return headers?.["x-forwarded-for"] ?? "";
}

async function fail(visitor: Visitor, email: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const answer = await tryLogIn(visitor, { email, password: WRONG });
    expect(textOf(answer.body), `failure ${i + 1}`).toContain("Login Unsuccessful");
  }
}

test("five failures are followed by a wait of half a minute, which the right password does not shorten, at the form and at the credentials route", async ({
  visitor,
  registered,
}) => {
  const person = await registered();
  await fail(visitor, person.email, 5);
  const answer = await tryLogIn(visitor, person);
  expect(answer.status).toBe(200);
  expect(waitOf(answer)).toBeGreaterThan(0);
  expect(waitOf(answer)).toBeLessThanOrEqual(30);
  expect(Number(answer.headers["retry-after"])).toBe(waitOf(answer));
  const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body);
  const callback = await visitor.request("/api/auth/callback/credentials", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: visitor.origin },
    body: new URLSearchParams({ csrfToken, email: person.email, password: person.password }).toString(),
  });
  expect(callback.status).toBe(429);
  expect(Number(callback.headers["retry-after"])).toBeGreaterThan(0);
  expect(await isLoggedIn(visitor)).toBe(false);
});

test("a stranger's failures keep neither the owner out elsewhere nor a known browser of the same network", async ({
  registered,
  database,
  site,
}) => {
  const person = await registered();
  const address = newAddress();
  const owner = new Visitor(site.origin, { "x-forwarded-for": address });
  await becomeKnown(owner, person);
  await failTooOften(database, person.email, address, new Date(Date.now() + MINUTE_MS));
  const stranger = new Visitor(site.origin, { "x-forwarded-for": address });
  expect(waitOf(await tryLogIn(stranger, person))).not.toBeNull();
  await logIn(owner, person);
  await logIn(new Visitor(site.origin), person);
});

test("logins sent at once are counted one by one: five are heard", async ({ registered, site }) => {
  const { email } = await registered();
  const address = { "x-forwarded-for": newAddress() };
  const page = await new Visitor(site.origin).get("/login");
  const answers = await Promise.all(
    Array.from({ length: 12 }, () =>
      new Visitor(site.origin, address).send("/login", page, { email, password: WRONG }),
    ),
  );
  expect(answers.filter(({ body }) => textOf(body).includes("Login Unsuccessful"))).toHaveLength(5);
  expect(answers.filter((answer) => waitOf(answer) !== null)).toHaveLength(7);
});

test("ten accounts an hour come from one network, and no eleventh", async ({ site, database }) => {
  const address = newAddress();
  const visitor = new Visitor(site.origin, { "x-forwarded-for": address });
  await register(visitor);
  await database.query('UPDATE "RateLimit" SET "points" = 9 WHERE "key" = ?', `register-hour:${address}`);
  await register(visitor);
  const { username, email, password } = newStranger();
  const answer = await visitor.submit("/register", { username, email, password, confirmation: password });
  expect(answer.location).toBeNull();
  expect(waitOf(answer)).toBeGreaterThan(30 * 60);
  expect(answer.body).toContain(username); // nothing typed is lost
  await register(new Visitor(site.origin));
});

test("someone who is told to wait sees it where they look, and keeps what they typed", async ({
  page,
  database,
  extraHTTPHeaders,
}) => {
  const { email } = newStranger();
  await page.goto("/login");
  await page.getByLabel("Email").fill(email);
  const password = page.getByLabel("Password", { exact: true });
  const tryOnce = async (told: string | RegExp) => {
    await password.fill(WRONG);
    await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("alert").filter({ hasText: told })).toBeVisible();
  };
  await tryOnce("Login Unsuccessful");
  await expect(password, "a wrong one is to be typed anew").toHaveValue("");
  await database.query(
    'DELETE FROM "LoginBackoff" WHERE "key" LIKE ?',
    `pair:%:${addressIn(extraHTTPHeaders)}`,
  );
  await failTooOften(database, email, addressIn(extraHTTPHeaders), new Date(Date.now() + 30 * SECOND_MS));
  await tryOnce(WAIT);
  await expect(page.getByLabel("Email")).toHaveValue(email);
  await expect(password, "nobody has looked at it").toHaveValue(WRONG);

  const wait = page.getByRole("alert").filter({ hasText: WAIT });
  const first = await wait.innerText();
  await expect(wait, "it is counted down").not.toHaveText(first);
  await expect(wait.locator('[aria-live="off"]'), "and not read out each second").toHaveCount(1);
});

test("an address in a header counts for nothing where no proxy is trusted", async ({ ownServer }) => {
  const { origin, databaseUrl } = await ownServer({ TRUSTED_PROXIES: "" });
  const { email } = newStranger();
  await fail(new Visitor(origin), email, 1);
  await openDatabase(databaseUrl).query('UPDATE "LoginBackoff" SET "failures" = 4'); // without the work of three more
  await fail(new Visitor(origin), email, 1);
  expect(waitOf(await tryLogIn(new Visitor(origin), { email, password: WRONG }))).not.toBeNull();
});

test("more forms than people send are refused unread, and no one else notices", async ({
  registered,
  site,
}) => {
  const person = await registered();
  const address = { "x-forwarded-for": newAddress() };
  const known = new Visitor(site.origin, address);
  await becomeKnown(known, person);
  const stranger = new Visitor(site.origin, address);
  const page = await stranger.get("/login");
  const burst = await Promise.all(
    Array.from({ length: 60 }, () => stranger.send("/login", page, { email: "no email", password: WRONG })),
  );

  const refused = burst.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(10); // and the form that logged the known browser in
  const heard = burst.filter(({ status }) => status === 200);
  expect(heard.length, "one network alone fills no queue").toBe(burst.length - refused.length);
  expect(heard.length).toBeGreaterThan(40);
  for (const { headers, body } of refused) {
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect(Number(headers["retry-after"])).toBeLessThanOrEqual(10);
    expect(textOf(body)).toContain("Go back and try again in a moment.");
  }
  const callback = await stranger.request("/api/auth/callback/credentials", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: site.origin },
    body: "",
  });
  expect(callback.status).toBe(429);
  expect((await stranger.get("/login")).status, "pages are no forms").toBe(200);
  await logIn(known, person);
  await logIn(new Visitor(site.origin), person);
});

test("a known-browser cookie that is not signed here, or got with a made-up session, is no way round the burst limit", async ({
  site,
}) => {
  const address = { "x-forwarded-for": newAddress() };
  const page = await new Visitor(site.origin, address).get("/login");
  const burst = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const visitor = new Visitor(site.origin, address);
      const madeUp = String(index).padEnd(43, "A");
      if (index % 2 === 0) visitor.cookies.set("latchkey.browser", `${madeUp}.${"A".repeat(22)}`);
      else {
        visitor.cookies.set(SESSION_COOKIE, madeUp);
        await visitor.get("/", { "sec-fetch-dest": "document" });
      }
      return visitor.send("/login", page, { email: "no email", password: WRONG });
    }),
  );
  expect(burst.filter(({ status }) => status === 429)).toHaveLength(10);
});
