import { DAY_MS } from "../lib/testing/product";
import { expect, isLoggedIn, newStranger, type Person, SESSION_COOKIE, sessionToken, test } from "./fixtures";
import { type Answer, linesFor, textOf, type Visitor } from "./support/visitor";

const CALLBACK = "/api/auth/callback/credentials";

test("the credentials route logs in with the right password, by the same rules", { tag: "@servers" }, async ({
  visitor,
  registered,
  database,
}) => {
  const person = await registered();
  const answer = await tryCredentials(visitor, person);
  expect(answer.location).toBe(`${visitor.origin}/`);
  expect(await isLoggedIn(visitor)).toBe(true);
  const cookie = linesFor(answer, SESSION_COOKIE);
  expect(cookie).toHaveLength(1);
  expect(cookie[0]).toMatch(/^latchkey\.[0-9a-f]{8}\.session=[\w-]{43};/);
  expect(cookie[0]).not.toMatch(/expires|max-age/i);
  expect(cookie[0]).toMatch(/httponly/i);
  expect(cookie[0]).toMatch(/samesite=lax/i);
  const rows = await database.query<{ isRemembered: boolean }>(
    'SELECT "isRemembered" FROM "Session" WHERE "userId" IN (SELECT "id" FROM "User" WHERE "email" = ?)',
    person.email,
  );
  expect(rows.map((row) => Boolean(row.isRemembered))).toEqual([false]);
});

test("the credentials route remembers someone who asks for it", async ({ visitor, registered }) => {
  const answer = await tryCredentials(visitor, await registered(), { remember: "on" });
  const cookie = linesFor(answer, SESSION_COOKIE)[0] ?? "";
  const expires = Date.parse(/expires=([^;]+)/i.exec(cookie)?.[1] ?? "");
  expect((expires - Date.now()) / DAY_MS).toBeGreaterThan(29.9);
});

test("a session tells its own end: a day, or thirty days for someone remembered", async ({
  visitor,
  registered,
}) => {
  const person = await registered();
  for (const [extra, days] of [
    [{}, 1],
    [{ remember: "on" }, 30],
  ] as const) {
    await tryCredentials(visitor, person, extra);
    const { expires } = JSON.parse((await visitor.get("/api/auth/session")).body);
    const left = (Date.parse(expires) - Date.now()) / DAY_MS;
    expect(left).toBeGreaterThan(days - 0.1);
    expect(left).toBeLessThanOrEqual(days);
  }
});

test("the credentials route refuses a wrong password and an unknown email alike", {
  tag: "@next",
}, async ({ visitor, registered }) => {
  const { email } = await registered();
  const wrong = await tryCredentials(visitor, { ...newStranger(), email });
  const unknown = await tryCredentials(visitor, newStranger());
  expect(wrong.status).toBe(unknown.status);
  expect(wrong.location).toBe(unknown.location);
  expect(new URL(wrong.location ?? "").origin).toBe(visitor.origin);
  expect(new URL(wrong.location ?? "").pathname).toBe("/login");
  expect(sessionToken(visitor)).toBe("");
  const login = textOf((await visitor.get("/login")).body);
  expect(login).toContain("Login Unsuccessful. Please check email and password");
});

test("the credentials route refuses the right password without a token of ours", { tag: "@next" }, async ({
  visitor,
  registered,
}) => {
  const person = await registered();
  for (const csrfToken of ["", "made-up", "a".repeat(64)]) {
    await post(visitor, { ...person, csrfToken });
    expect(sessionToken(visitor), csrfToken).toBe("");
  }
});

test("the credentials route refuses what the login form refuses", async ({ visitor, registered }) => {
  const { email } = await registered();
  for (const attempt of [
    { email, password: "" },
    { email: "", password: "open-sesame" },
    { email: "' OR 1=1 --", password: "open-sesame" },
    { email, password: "a".repeat(73) },
    { email: `${email}\0`, password: "open-sesame" },
  ]) {
    const answer = await tryCredentials(visitor, attempt);
    expect(answer.status, JSON.stringify(attempt)).toBeLessThan(500);
    expect(sessionToken(visitor), JSON.stringify(attempt)).toBe("");
  }
});

test("the credentials route leads no one off this site", async ({ visitor, registered }) => {
  const person = await registered();
  // Which addresses are of this site `returnPath` says, with tests of its own.
  const redirect = await tryCredentials(visitor, person, { callbackUrl: "/ok/../..//evil.example" });
  expect(redirect.location).toBe(`${visitor.origin}/`);
  const headers = { "x-auth-return-redirect": "1" };
  const asScript = await tryCredentials(visitor, person, { callbackUrl: "https://evil.example" }, headers);
  expect(asScript.body).not.toMatch(/evil\.example/);
});

for (const path of [
  "/api/auth",
  "/api/auth/signin",
  "/api/auth/signin?error=OAuthSignin",
  "/api/auth/signin/credentials",
  "/api/auth/signout",
  "/api/auth/error",
  "/api/auth/error?error=Configuration",
  "/api/auth/verify-request",
  "/api/auth/providers",
  CALLBACK,
  "/api/auth/webauthn-options/credentials",
  "/api/auth/nothing",
])
  test(`GET ${path} is no page of next-auth's`, async ({ visitor }) => {
    const answer = await visitor.get(path);
    if (answer.location) expect(new URL(answer.location).pathname).toBe("/login");
    else expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body).not.toMatch(/sign in with|signin|__next-auth|next-auth/i);
    expect(sessionToken(visitor)).toBe("");
  });

test("the session that scripts can read has no token and sets no cookie", { tag: "@next" }, async ({
  visitor,
  registered,
  enter,
}) => {
  expect((await visitor.get("/api/auth/session")).body).toBe("null");
  const person = await registered();
  await enter(visitor, person);
  const answer = await visitor.get("/api/auth/session");
  expect(JSON.parse(answer.body)).toMatchObject({ user: { email: person.email } });
  expect(answer.body).not.toContain(sessionToken(visitor));
  expect(answer.body).not.toMatch(/hash/i);
  expect(linesFor(answer, SESSION_COOKIE)).toEqual([]);
  expect(answer.headers["cache-control"]).toContain("no-store");
});

test("a POST to next-auth's own log-out ends nothing", async ({ visitor, registered, enter }) => {
  await enter(visitor, await registered());
  const csrfToken = await csrf(visitor);
  await visitor.request("/api/auth/signout", form(visitor, { csrfToken }));
  expect(await isLoggedIn(visitor)).toBe(true);
});

test("someone logged in cannot write to their session", async ({ visitor, registered, database, enter }) => {
  const person = await registered();
  await enter(visitor, person);
  const told = async () => JSON.parse((await visitor.get("/api/auth/session")).body).user;
  const before = await told();
  const csrfToken = await csrf(visitor);
  const wish = { id: "1", role: "admin", name: "eve", email: "eve@evil.example" };
  const asForm = await visitor.request("/api/auth/session", form(visitor, { csrfToken, ...wish }));
  expect(asForm.status).toBe(404);
  const asData = await visitor.request("/api/auth/session", {
    method: "POST",
    body: JSON.stringify({ csrfToken, data: { user: wish } }),
    headers: { "content-type": "application/json", origin: visitor.origin },
  });
  expect(asData.status).toBe(415);
  expect([...asForm.setCookies, ...asData.setCookies]).toEqual([]);

  expect(await told()).toEqual(before);
  const rows = await database.query('SELECT "id" FROM "User" WHERE "email" = ?', wish.email);
  expect(rows).toEqual([]);
});

const disguises: Record<string, string>[] = [
  { "x-middleware-subrequest": "middleware" },
  { "x-middleware-subrequest": "middleware:middleware:middleware:middleware:middleware" },
  { "x-middleware-subrequest": "src/middleware:src/middleware:src/middleware:src/middleware:src/middleware" },
  { "x-middleware-subrequest": "pages/_middleware" },
  { "x-middleware-next": "1" },
  { "x-middleware-rewrite": "/account" },
  { "x-middleware-override-headers": "cookie", "x-middleware-request-cookie": "latchkey.session=x" },
  { "x-middleware-prefetch": "1" },
  { "x-nextjs-data": "1" },
  { "x-matched-path": "/account" },
  { "x-invoke-path": "/account" },
  { "x-original-url": "/account", "x-rewrite-url": "/account" },
  { "x-latchkey-path": "/", "x-latchkey-user": "1" },
  { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" },
  { forwarded: "host=evil.example;proto=https" },
  { rsc: "1" },
  { rsc: "1", "next-router-prefetch": "1" },
  {
    rsc: "1",
    "next-router-state-tree": encodeURIComponent('["",{"children":["account",{}]},null,"refetch"]'),
  },
  { rsc: "1", "next-router-segment-prefetch": "/account/__PAGE__", "next-router-prefetch": "1" },
  { "sec-purpose": "prefetch" },
  { authorization: "Bearer x" },
];

test("a visitor in no disguise gets a private page", { tag: "@next" }, async ({ visitor }) => {
  for (const headers of disguises) {
    const what = JSON.stringify(headers);
    for (const path of [
      "/account",
      "/account?_rsc=1",
      "/account.rsc",
      "/account/",
      "//account",
      "/%61ccount",
      "/./account",
    ]) {
      const answer = await visitor.get(path, headers);
      expect(answer.status, `${path} ${what}`).toBeLessThan(500);
      expect(answer.body, `${path} ${what}`).not.toContain("Member since");
      if (answer.location) expect(new URL(answer.location).origin, `${path} ${what}`).toBe(visitor.origin);
    }
    expect((await visitor.get("/account", headers)).status, what).not.toBe(200);
  }
});

test("a session that is over opens no private page either", { tag: "@next" }, async ({
  visitor,
  registered,
  database,
  enter,
}) => {
  const person = await registered();
  await enter(visitor, person);
  const token = sessionToken(visitor);
  await database.query(
    'DELETE FROM "Session" WHERE "userId" IN (SELECT "id" FROM "User" WHERE "email" = ?)',
    person.email,
  );
  for (const headers of disguises) {
    visitor.cookies.set(SESSION_COOKIE, token);
    const answer = await visitor.get("/account", headers);
    expect(answer.body, JSON.stringify(headers)).not.toContain(person.email);
    expect(answer.body, JSON.stringify(headers)).not.toContain("Member since");
  }
});

const strangers: [string, Record<string, string>][] = [
  ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["a sandboxed frame", { origin: "null", "sec-fetch-site": "cross-site" }],
  ["another port", { origin: "http://localhost:1" }],
  ["a sister domain", { origin: "http://evil.localhost", "sec-fetch-site": "same-site" }],
  ["nonsense", { origin: "garbage" }],
  ["a forged host", { origin: "https://evil.example", "x-forwarded-host": "evil.example" }],
];

for (const [what, headers] of strangers)
  test(`a form sent from ${what} is refused`, { tag: "@next" }, async ({ visitor, registered, database }) => {
    const { email, password } = await registered();
    const login = await visitor.submit("/login", { email, password }, { headers });
    expect(login.status).toBe(403);
    const callback = await visitor.request(
      CALLBACK,
      form(visitor, { email, password, csrfToken: await csrf(visitor) }, headers),
    );
    expect(callback.status).toBe(403);
    expect(sessionToken(visitor)).toBe("");

    const stranger = newStranger();
    const { username } = stranger;
    const registration = { username, email: stranger.email, password, confirmation: password };
    expect((await visitor.submit("/register", registration, { headers })).status).toBe(403);
    expect(await database.query('SELECT "id" FROM "User" WHERE "email" = ?', stranger.email)).toEqual([]);
  });

test("a form whose page withholds its origin is taken where the browser says that it is ours", {
  tag: "@next",
}, async ({ visitor, registered }) => {
  const { email, password } = await registered();
  const headers = { origin: "null", "sec-fetch-site": "same-origin" };
  const answer = await visitor.submit("/login", { email, password }, { headers });
  expect(answer.location).toBe(`${visitor.origin}/`);
  expect(await isLoggedIn(visitor)).toBe(true);
});

test("a HEAD request is answered as a GET, and is no fault", async ({ visitor }) => {
  for (const path of ["/api/auth/session", "/api/auth/csrf"]) {
    const answer = await visitor.request(path, { method: "HEAD" });
    expect([answer.status, answer.body], path).toEqual([200, ""]);
  }
});

test("methods this site does not use are refused", { tag: "@next" }, async ({ visitor }) => {
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"])
    for (const path of ["/", "/login", "/account", CALLBACK])
      expect((await visitor.request(path, { method })).status, `${method} ${path}`).toBe(405);
});

test("so is TRACE, which Next by itself fails on", async ({ visitor }) => {
  for (const path of ["/", "/login", "/account", CALLBACK])
    expect((await visitor.request(path, { method: "TRACE" })).status, path).toBe(405);
});

test("a made-up action is refused without harm", async ({ visitor }) => {
  for (const id of ["x", "0".repeat(42), "../../etc/passwd"]) {
    const answer = await visitor.request("/login", {
      method: "POST",
      body: "[]",
      headers: { "next-action": id, "content-type": "text/plain;charset=UTF-8", origin: visitor.origin },
    });
    expect(answer.status, id).toBeGreaterThanOrEqual(400);
    expect(answer.status, id).toBeLessThan(500);
  }
  expect((await visitor.get("/login")).status).toBe(200);
});

test("no answer lets another site read it", async ({ visitor }) => {
  for (const path of ["/", "/login", "/account", "/api/auth/session", "/api/auth/csrf"]) {
    const { headers } = await visitor.get(path, { origin: "https://evil.example" });
    expect(headers, path).not.toHaveProperty("access-control-allow-origin");
    expect(headers["x-content-type-options"], path).toBe("nosniff");
  }
});

/** Logs in through the credentials route, with its token. */
async function tryCredentials(
  visitor: Visitor,
  person: Pick<Person, "email" | "password">,
  extra: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { email, password } = person;
  const fields = { email, password, csrfToken: await csrf(visitor), ...extra };
  return visitor.request(CALLBACK, form(visitor, fields, headers));
}

function post(
  visitor: Visitor,
  { email, password, csrfToken }: Person & { csrfToken: string },
): Promise<Answer> {
  return visitor.request(CALLBACK, form(visitor, { email, password, csrfToken }));
}

async function csrf(visitor: Visitor): Promise<string> {
  return JSON.parse((await visitor.get("/api/auth/csrf")).body).csrfToken;
}

function form(visitor: Visitor, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", origin: visitor.origin, ...headers },
  };
}
