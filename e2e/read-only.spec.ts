import { existsSync, renameSync } from "node:fs";
import { openDatabase } from "../lib/testing/look-in";
import { enter, expect, isLoggedIn, logIn, newMember, newStranger, SESSION_COOKIE, test } from "./fixtures";
import { eventsIn } from "./support/log";
import { testOutage } from "./support/outage";
import { type Answer, send, Visitor } from "./support/visitor";

const READY = "/api/health/ready";
const POSTGRES = { tag: "@postgres" };

test.use({ expectsFailures: true });

testOutage(
  "a database that only reads: no form is taken, nobody is logged out, private pages open, and all is well by itself later",
  POSTGRES,
  async ({ server, database, registered, postgres }) => {
    const person = await registered();
    const [inside, outside] = [new Visitor(server.origin), new Visitor(server.origin)];
    await enter(database, inside, person);
    const forms = await openForms(inside, outside);
    await database.query('UPDATE "Session" SET "lastSeenAt" = ?', new Date(Date.now() - 5 * 60_000));
    const before = server.output().length;

    await postgres.setReadOnly(true);

    await expect.poll(async () => (await send(server.origin + READY)).status).toBe(503);
    expect(Number((await send(server.origin + READY)).headers["retry-after"])).toBeGreaterThan(0);
    expect((await send(`${server.origin}/api/health`)).status).toBe(200);
    for (const path of ["/account", "/", "/account/email"])
      expect((await inside.get(path)).status, path).toBe(200);
    for (const [what, answer] of await sendAll(forms, inside, outside, person)) {
      expect(answer.status, what).toBe(503);
      expect(Number(answer.headers["retry-after"]), what).toBeGreaterThan(0);
    }
    expect((await tryCredentials(outside, person)).status).toBe(503);
    expect(outside.cookies.has(SESSION_COOKIE)).toBe(false);
    expect(inside.cookies.has(SESSION_COOKIE), "no one is told to be logged out who is not").toBe(true);
    const events = new Set(eventsIn(server.output().slice(before)).map(({ event }) => event));
    expect(events).not.toContain("error");

    await postgres.setReadOnly(false);

    await expect.poll(async () => (await send(server.origin + READY)).status).toBe(200);
    expect(await isLoggedIn(inside)).toBe(true);
    await logIn(outside, person);
  },
);

test("a database file that is gone: not ready, no empty one in its place, and all is well when it is back", async ({
  ownServer,
}) => {
  const server = await ownServer();
  const database = openDatabase(server.databaseUrl);
  const person = await newMember(database);
  const [inside, outside] = [new Visitor(server.origin), new Visitor(server.origin)];
  await enter(database, inside, person);
  const loginPage = await outside.get("/login");
  expect((await send(server.origin + READY)).status).toBe(200);
  const path = server.databaseUrl.slice("file:".length);

  renameSync(path, `${path}.away`);

  expect((await send(server.origin + READY)).status).toBe(503);
  expect((await inside.get("/account")).status).toBe(503);
  const { email, password } = person;
  expect((await outside.send("/login", loginPage, { email, password })).status).toBe(503);
  expect(inside.cookies.has(SESSION_COOKIE)).toBe(true);
  expect(existsSync(path)).toBe(false);

  renameSync(`${path}.away`, path);

  await expect.poll(async () => (await send(server.origin + READY)).status).toBe(200);
  expect(await isLoggedIn(inside)).toBe(true);
  await logIn(outside, person);
});

type Forms = Record<"login" | "register" | "forgot" | "email" | "account", Answer>;

async function openForms(inside: Visitor, outside: Visitor): Promise<Forms> {
  return {
    login: await outside.get("/login"),
    register: await outside.get("/register"),
    forgot: await outside.get("/forgot-password"),
    email: await inside.get("/account/email"),
    account: await inside.get("/account"),
  };
}

async function sendAll(
  forms: Forms,
  inside: Visitor,
  outside: Visitor,
  { email, password }: { email: string; password: string },
): Promise<[string, Answer][]> {
  const stranger = newStranger();
  const registration = { username: stranger.username, email: stranger.email };
  const passwords = { password: stranger.password, confirmation: stranger.password };
  return [
    ["log in", await outside.send("/login", forms.login, { email, password })],
    ["register", await outside.send("/register", forms.register, { ...registration, ...passwords })],
    ["forgot password", await outside.send("/forgot-password", forms.forgot, { email })],
    [
      "change the address",
      await inside.send("/account/email", forms.email, { email: stranger.email, password }),
    ],
    ["log out", await inside.send("/account", forms.account, {}, { button: "Log out" })],
  ];
}

async function tryCredentials(
  visitor: Visitor,
  { email, password }: { email: string; password: string },
): Promise<Answer> {
  const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body);
  return visitor.request("/api/auth/callback/credentials", {
    method: "POST",
    body: new URLSearchParams({ email, password, csrfToken }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", origin: visitor.origin },
  });
}
