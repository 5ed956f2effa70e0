import { becomeKnown, expect, isLoggedIn, logIn, newStranger, register, test, tryLogIn } from "./fixtures";
import { type Answer, newAddress, textOf, Visitor } from "./support/visitor";

const WRONG = "a wrong guess it is";
const WAIT = /Too many attempts\. Please try again in (\d+) (seconds|minutes)\./;

/** How long the page says to wait, in seconds; null when it does not. */
function waitOf({ body }: Answer): number | null {
  const [, count, unit] = WAIT.exec(textOf(body)) ?? [];
  return count === undefined ? null : Number(count) * (unit === "minutes" ? 60 : 1);
}

async function fail(visitor: Visitor, email: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const reply = await tryLogIn(visitor, { email, password: WRONG });
    expect(textOf(reply.body), `failure ${i + 1}`).toContain("Login Unsuccessful");
  }
}

test("five failures are followed by a wait of half a minute, which the right password does not shorten", async ({
  visitor,
  registered,
}) => {
  const person = await registered();
  await fail(visitor, person.email, 5);
  const reply = await tryLogIn(visitor, person);
  expect(reply.status).toBe(200);
  expect(waitOf(reply)).toBeGreaterThan(0);
  expect(waitOf(reply)).toBeLessThanOrEqual(30);
  expect(Number(reply.headers["retry-after"])).toBe(waitOf(reply));
  expect(await isLoggedIn(visitor)).toBe(false);
});

test("four failures are followed by nothing", async ({ visitor, registered }) => {
  const person = await registered();
  await fail(visitor, person.email, 4);
  await logIn(visitor, person);
});

test("success forgets what failed before", async ({ visitor, registered, site }) => {
  const person = await registered();
  const address = { "x-forwarded-for": newAddress() };
  await fail(new Visitor(site.origin, address), person.email, 4);
  await logIn(new Visitor(site.origin, address), person);
  await fail(new Visitor(site.origin, address), person.email, 4);
  await logIn(visitor, person);
});

test("a stranger's failures do not keep the owner out elsewhere", async ({ visitor, registered, site }) => {
  const person = await registered();
  await fail(visitor, person.email, 5);
  await logIn(new Visitor(site.origin), person);
});

test("nor in the stranger's own network, from a browser that has been there before", async ({
  registered,
  site,
}) => {
  const person = await registered();
  const address = { "x-forwarded-for": newAddress() };
  const owner = new Visitor(site.origin, address);
  await becomeKnown(owner, person);
  await fail(new Visitor(site.origin, address), person.email, 5);
  expect(waitOf(await tryLogIn(new Visitor(site.origin, address), person))).not.toBeNull();
  await logIn(owner, person);
});

test("an address nobody has is turned away just the same", async ({ registered, site }) => {
  const person = await registered();
  const replies: Answer[] = [];
  for (const email of [person.email, newStranger().email]) {
    const visitor = new Visitor(site.origin);
    await fail(visitor, email, 5);
    replies.push(await tryLogIn(visitor, { email, password: WRONG }));
  }
  for (const reply of replies) expect(waitOf(reply)).not.toBeNull();
  expect(replies[0]?.status).toBe(replies[1]?.status);
});

test("many at once are counted one by one: five are heard", { tag: "@both" }, async ({
  registered,
  site,
}) => {
  const { email } = await registered();
  const address = { "x-forwarded-for": newAddress() };
  const page = await new Visitor(site.origin).get("/login");
  const replies = await Promise.all(
    Array.from({ length: 12 }, () =>
      new Visitor(site.origin, address).send("/login", page, { email, password: WRONG }),
    ),
  );
  expect(replies.filter(({ body }) => textOf(body).includes("Login Unsuccessful"))).toHaveLength(5);
  expect(replies.filter((reply) => waitOf(reply) !== null)).toHaveLength(7);
});

test("thirty failures from one network over many accounts end in a wait for all of them", async ({
  visitor,
  registered,
}) => {
  const person = await registered();
  for (let i = 0; i < 30; i++) await fail(visitor, newStranger().email, 1);
  const reply = await tryLogIn(visitor, person);
  expect(waitOf(reply)).toBeGreaterThan(30);
  expect(waitOf(reply)).toBeLessThanOrEqual(300);
});

test("IPv6 is counted by network: the next address in it is the same visitor", async ({
  registered,
  site,
}) => {
  const person = await registered();
  const from = (address: string) => new Visitor(site.origin, { "x-forwarded-for": address });
  await fail(from("2001:db8:77:1::1"), person.email, 3);
  await fail(from("2001:db8:77:1:ffff::2"), person.email, 2);
  expect(waitOf(await tryLogIn(from("2001:db8:77:1:abcd::3"), person))).not.toBeNull();
  await logIn(from("2001:db8:77:2::1"), person);
});

test("the public door has the same lock, and says so with 429", async ({ visitor, registered }) => {
  const person = await registered();
  await fail(visitor, person.email, 5);
  const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body);
  const reply = await visitor.request("/api/auth/callback/credentials", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: visitor.origin },
    body: new URLSearchParams({ csrfToken, email: person.email, password: person.password }).toString(),
  });
  expect(reply.status).toBe(429);
  expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
  expect(await isLoggedIn(visitor)).toBe(false);
});

test("ten accounts an hour come from one network, and no eleventh", async ({ visitor, site }) => {
  for (let i = 0; i < 10; i++) await register(visitor);
  const { username, email, password } = newStranger();
  const reply = await visitor.submit("/register", { username, email, password, confirmation: password });
  expect(reply.location).toBeNull();
  expect(waitOf(reply)).toBeGreaterThan(30 * 60);
  expect(reply.body).toContain(username); // nothing typed is lost
  await register(new Visitor(site.origin));
});

test("someone who is told to wait sees it where they look, and keeps what they typed", async ({
  page,
  registered,
}) => {
  const { email } = await registered();
  await page.goto("/login");
  await page.getByLabel("Email").fill(email);
  for (let i = 0; i < 6; i++) {
    await page.getByLabel("Password", { exact: true }).fill(WRONG);
    await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
    await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");
  }
  await expect(page.getByRole("alert").filter({ hasText: WAIT })).toBeVisible();
  await expect(page.getByLabel("Email")).toHaveValue(email);
});

test("an address in a header counts for nothing where no proxy is trusted", async ({ ownServer }) => {
  const { origin } = await ownServer({ TRUSTED_PROXIES: "" });
  const person = await register(new Visitor(origin));
  for (let i = 0; i < 5; i++) await fail(new Visitor(origin), person.email, 1);
  expect(waitOf(await tryLogIn(new Visitor(origin), person))).not.toBeNull();
});

test("a proxy setting that cannot be read stops the start", async ({ ownServer }) => {
  await expect(ownServer({ TRUSTED_PROXIES: "my proxy" })).rejects.toThrow(/TRUSTED_PROXIES/);
});

test("more forms than people send are turned away unread, and nobody else notices", async ({
  registered,
  site,
}) => {
  const person = await registered();
  const address = { "x-forwarded-for": newAddress() };
  const known = new Visitor(site.origin, address);
  await becomeKnown(known, person);
  const stranger = new Visitor(site.origin, address);
  const page = await stranger.get("/login");
  const flood = await Promise.all(
    Array.from({ length: 60 }, () => stranger.send("/login", page, { email: "no email", password: WRONG })),
  );

  const refused = flood.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(10); // and the form that logged the known browser in
  const heard = flood.filter(({ status }) => status === 200);
  expect(heard.length, "one network alone fills no queue").toBe(flood.length - refused.length);
  expect(heard.length).toBeGreaterThan(40);
  for (const { headers, body } of refused) {
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect(Number(headers["retry-after"])).toBeLessThanOrEqual(10);
    expect(textOf(body)).toContain("Go back and try again in a moment.");
  }
  const door = await stranger.request("/api/auth/callback/credentials", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: site.origin },
    body: "",
  });
  expect(door.status).toBe(429);
  expect((await stranger.get("/login")).status, "pages are no forms").toBe(200);
  await logIn(known, person);
  await logIn(new Visitor(site.origin), person);
});

test("a device cookie nobody signed opens no way round that", async ({ site }) => {
  const address = { "x-forwarded-for": newAddress() };
  const page = await new Visitor(site.origin, address).get("/login");
  const flood = await Promise.all(
    Array.from({ length: 60 }, (_, index) => {
      const visitor = new Visitor(site.origin, address);
      visitor.cookies.set("latchkey.device", String(index).padEnd(390, "A"));
      return visitor.send("/login", page, { email: "no email", password: WRONG });
    }),
  );
  expect(flood.filter(({ status }) => status === 429)).toHaveLength(10);
});
