import type { OutgoingHttpHeaders } from "node:http";
import { openDatabase } from "../lib/testing/look-in";
import { DAY_S } from "../lib/testing/product";
import { enter, expect, newMember, newStranger, test } from "./fixtures";
import { shortName } from "./support/cookie-jar";
import { eventsIn } from "./support/log";
import type { Settings } from "./support/server";
import { Visitor } from "./support/visitor";

const PUBLIC = "https://accounts.example";
const SETTINGS: Settings = { AUTH_URL: PUBLIC, AUTH_SECRET: "s".repeat(32) };
const SESSION = "__Host-latchkey.session";
const FLASH = "__Host-latchkey.flash";

/** What reaches the app through a proxy that ends TLS, in three habits of proxies. */
const proxies: [string, OutgoingHttpHeaders][] = [
  ["passes the host on", { host: "accounts.example", origin: PUBLIC, "x-forwarded-proto": "https" }],
  [
    "puts its own host",
    { origin: PUBLIC, "x-forwarded-proto": "https", "x-forwarded-host": "accounts.example" },
  ],
  ["says nothing", { origin: PUBLIC }],
];

for (const [what, headers] of proxies)
  test(`behind a proxy that ${what}, every cookie is bound to the host and to https`, async ({
    sharedServer,
  }) => {
    const { origin, databaseUrl } = await sharedServer(SETTINGS);
    const visitor = new Visitor(origin, headers);
    const { email, password } = await newMember(openDatabase(databaseUrl));

    const login = await visitor.submit("/login", { email, password });
    expect(pathOf(login.location)).toBe("/");
    expectBound(login.setCookies, SESSION);

    const account = await visitor.get("/account");
    expect(account.status).toBe(200);

    const token = visitor.cookies.get(SESSION) ?? "";
    const out = await visitor.send("/account", account, {}, { button: "Log out" });
    expect(pathOf(out.location)).toBe("/");
    const thief = new Visitor(origin, headers);
    thief.cookies.set(SESSION, token);
    const ended = await thief.get("/account");
    expect(pathOf(ended.location)).toBe("/session-ended");
    const refused = await thief.get("/session-ended?callbackUrl=%2Faccount");
    expect(pathOf(refused.location)).toBe("/login");
    expectBound(refused.setCookies, FLASH);
    expect(thief.cookies.has(SESSION)).toBe(false);
  });

test("next-auth's own cookies are bound as well, and a cookie under the plain name opens nothing", async ({
  sharedServer,
}) => {
  const { origin, databaseUrl } = await sharedServer(SETTINGS);
  const visitor = new Visitor(origin, { host: "accounts.example", origin: PUBLIC });
  const csrf = await visitor.get("/api/auth/csrf");
  expect(csrf.setCookies.length).toBeGreaterThan(0);
  expectBound(csrf.setCookies, "__Host-latchkey");

  const database = openDatabase(databaseUrl);
  const token = await enter(database, visitor, await newMember(database));
  const plain = new Visitor(origin, { host: "accounts.example", origin: PUBLIC });
  plain.cookies.set("latchkey.session", token);
  expect(pathOf((await plain.get("/account")).location)).toBe("/login");
});

test("an action sent to a page that has not got it is refused, and is no fault of ours", async ({
  sharedServer,
}) => {
  const server = await sharedServer(SETTINGS);
  const visitor = new Visitor(server.origin, { host: "accounts.example", origin: PUBLIC });
  const id = /[0-9a-f]{42}/.exec((await visitor.get("/login")).body)?.[0] ?? "";
  const answer = await visitor.request("/nowhere", {
    method: "POST",
    headers: { "next-action": id, "content-type": "multipart/form-data; boundary=x", "content-length": 5 },
    body: "--x--",
  });
  expect(answer.status).toBe(409);
  expect(eventsIn(server.output()).filter(({ event }) => event === "error")).toEqual([]);
});

test("browsers are told to come by https only, for a year and more, by files and refusals too", async ({
  sharedServer,
}) => {
  const { origin } = await sharedServer(SETTINGS);
  for (const [path, method] of [
    ["/", "GET"],
    ["/api/auth/csrf", "GET"],
    ["/icon.svg", "GET"],
    ["/account", "GET"],
    ["/account/", "GET"],
    ["/nowhere", "GET"],
    ["/login", "PUT"],
    ["/login", "POST"],
  ] as const) {
    const { headers } = await new Visitor(origin, { host: "accounts.example" }).request(path, { method });
    const header = String(headers["strict-transport-security"]);
    // For this host alone: an operator says so where its subdomains are theirs.
    expect(header, `${method} ${path}`).toMatch(/^max-age=\d+$/);
    const seconds = Number(header.slice("max-age=".length));
    expect(seconds, `${method} ${path}`).toBeGreaterThanOrEqual(365 * DAY_S);
  }
});

test("a forged host appears nowhere in an answer", async ({ sharedServer }) => {
  const { origin } = await sharedServer(SETTINGS);
  for (const headers of [
    { host: "evil.example" },
    { "x-forwarded-host": "evil.example", "x-forwarded-proto": "http" },
  ]) {
    const visitor = new Visitor(origin, headers);
    for (const path of ["/", "/login", "/account", "/api/auth/csrf", "/api/auth/signin", "/nowhere"]) {
      const { body, headers: answered } = await visitor.get(path);
      expect(body, path).not.toContain("evil.example");
      expect(JSON.stringify(answered), path).not.toContain("evil.example");
    }
  }
});

test("a form from the plain address of the same host is refused", async ({ sharedServer }) => {
  const { origin } = await sharedServer(SETTINGS);
  const visitor = new Visitor(origin, { host: "accounts.example" });
  const page = await visitor.get("/login");
  const { email, password } = newStranger();
  const headers = { origin: "https://accounts.example.evil.example" };
  expect((await visitor.send("/login", page, { email, password }, { headers })).status).toBe(403);
});

test("on a home network's plain address nothing asks for https", async ({ sharedServer }) => {
  const { origin, databaseUrl } = await sharedServer({ AUTH_URL: "http://nas.local:3000" });
  const visitor = new Visitor(origin, { host: "nas.local:3000", origin: "http://nas.local:3000" });
  const { email, password } = await newMember(openDatabase(databaseUrl));
  const login = await visitor.submit("/login", { email, password });
  expect(login.setCookies.join("\n")).toMatch(/^latchkey\.[0-9a-f]{8}\.session=/m);
  expect(login.setCookies.join("\n")).not.toMatch(/secure/i);
  const account = await visitor.get("/account");
  expect(account.status).toBe(200);
  expect(account.headers).not.toHaveProperty("strict-transport-security");
});

/** Where a redirect leads, as a path; the host in it is the proxy's affair. */
function pathOf(location: string | null): string | null {
  return location === null ? null : new URL(location).pathname;
}

/** Expects at least one cookie of this name to be set, and every cookie set to be of the strict kind. */
function expectBound(lines: string[], name: string): void {
  expect(lines.filter((line) => shortName(line).startsWith(name)).length, lines.join("\n")).toBeGreaterThan(
    0,
  );
  for (const line of lines) {
    expect(line).toMatch(/^__Host-/);
    expect(line).toMatch(/;\s*secure/i);
    expect(line).toMatch(/;\s*path=\/(;|$)/i);
    expect(line).toMatch(/;\s*httponly/i);
    expect(line).not.toMatch(/;\s*domain=/i);
  }
}
