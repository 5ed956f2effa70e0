import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "../lib/testing/look-in";
import { MINUTE_MS, SECOND_MS } from "../lib/testing/product";
import { change } from "../lib/testing/session-rows";
import {
  expect,
  logIn,
  newStranger,
  type Person,
  register,
  SESSION_COOKIE,
  sessionToken,
  testAlone,
  tryLogIn,
} from "./fixtures";
import { failTooOften } from "./support/backoff";
import { eventsIn, type LogLine, readLog } from "./support/log";
import type { AppServer } from "./support/server";
import { newAddress, send, Visitor } from "./support/visitor";

/** Where a visitor comes from, of the network set aside for tests. */
const ADDRESS = "198.18.0.7";

testAlone(
  "the log tells what happened, to whom and from where, and no secret",
  async ({ server, database }) => {
    const secret = (await readFile(join(server.dataDir, "auth-secret"), "utf8")).trim();
    const before = server.output().length;
    const visitor = new Visitor(server.origin, { "x-forwarded-for": ADDRESS });
    const person = newStranger();
    const wrong = { email: person.email, password: `canary wrong ${randomUUID()}` };
    const unknown = { email: `canary-${randomUUID()}@example.com`, password: wrong.password };

    await register(visitor, person);
    const { id: userId, passwordHash } = await userIn(database, person);
    const failed = await tryLogIn(visitor, wrong);
    const failedWithoutAccount = await tryLogIn(visitor, unknown);
    const entered = await logIn(visitor, person);
    const cookies = [...visitor.cookies.values()];
    const token = sessionToken(visitor);
    const query = `?password=${encodeURIComponent(person.password)}&token=${token}`;
    await visitor.get(`/account${query}`);
    await visitor.get(`/nowhere${query}`);
    await tryCredentials(visitor, wrong);
    const refused = await visitor.request(`/login${query}`, {
      method: "POST",
      body: new URLSearchParams(person as unknown as Record<string, string>).toString(),
      headers: {
        origin: "https://evil.example",
        "content-type": "application/x-www-form-urlencoded",
      },
    });
    expect(refused.status).toBe(403);
    const left = await visitor.submit("/account", {}, { button: "Log out" });

    const events = eventsIn(server.output().slice(before));
    expect(events.map(({ event, userId }) => [event, userId])).toEqual([
      ["registered", userId],
      ["login-failed", userId],
      ["login-failed", null],
      ["login", userId],
      ["login-failed", userId],
      ["refused-request", null],
      ["logout", userId],
    ]);
    for (const line of events) {
      expect(line.requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(line.ip).toBe(ADDRESS);
    }
    const ids = [failed, failedWithoutAccount, entered, refused, left].map(
      ({ headers }) => headers["x-request-id"],
    );
    expect(idsOf(events, "login-failed").slice(0, 2).concat(idsOf(events, "login"))).toEqual(ids.slice(0, 3));
    expect(idsOf(events, "refused-request")).toEqual([ids[3]]);
    expect(idsOf(events, "logout")).toEqual([ids[4]]);
    expect(events.find(({ event }) => event === "refused-request")).toMatchObject({
      level: "warn",
      status: 403,
      method: "POST",
      path: "/login",
    });

    expect(cookies.length).toBeGreaterThan(0);
    const canaries = [
      secret,
      person.password,
      encodeURIComponent(person.password),
      person.email,
      person.username,
      wrong.password,
      unknown.email,
      passwordHash,
      token,
      createHash("sha256").update(token).digest("hex"),
      ...cookies,
    ];
    for (const canary of canaries) expect(server.output().toLowerCase()).not.toContain(canary.toLowerCase());
  },
);

testAlone("the history of an account has the same events as the log", async ({ server, database }) => {
  const address = newAddress();
  const visitor = new Visitor(server.origin, { "user-agent": "Story/1.0", "x-forwarded-for": address });
  const person = await register(visitor);
  await tryLogIn(visitor, { email: person.email, password: "not the password" });
  await tryLogIn(visitor, { email: `no-${person.email}`, password: "not the password" });
  await logIn(visitor, person);
  await visitor.submit("/account", {}, { button: "Log out" });

  const atAccount = eventsFrom(address, server).filter(({ userId }) => userId !== null);
  expect(atAccount.map(({ event }) => event)).toEqual(["registered", "login-failed", "login", "logout"]);
  const history = () =>
    database.query<LogLine>(
      'SELECT "event", "requestId", "userId", "ip", "userAgent" FROM "AuditEvent" WHERE "ip" = ? ORDER BY "at"',
      address,
    );
  await expect.poll(async () => (await history()).length).toBe(atAccount.length); // a failure's row comes after its answer
  const rows = await history();
  expect(rows.map((row) => ({ ...row }))).toEqual(
    atAccount.map(({ event, requestId, userId, ip, userAgent }) => ({
      event,
      requestId,
      userId,
      ip,
      userAgent,
    })),
  );
  expect(rows.every(({ userAgent }) => userAgent === "Story/1.0")).toBe(true);
});

testAlone(
  "the log tells once of a session found past its end",
  async ({ server, database, registered, enter }) => {
    const address = newAddress();
    const visitor = new Visitor(server.origin, { "x-forwarded-for": address });
    const token = await enter(visitor, await registered());
    await change(database, token, { expiresAt: new Date(Date.now() - SECOND_MS) });
    for (let visit = 0; visit < 2; visit++) {
      visitor.cookies.set(SESSION_COOKIE, token);
      await visitor.get("/account");
    }
    expect(eventsFrom(address, server).map(({ event }) => event)).toEqual(["session-expired"]);
  },
);

testAlone(
  "the log tells of too many failures, whether or not an account has that address",
  async ({ server, database, registered }) => {
    const address = newAddress();
    const visitor = new Visitor(server.origin, { "x-forwarded-for": address });
    const person = await registered();
    for (const email of [person.email, `no-${person.email}`]) {
      await failTooOften(database, email, address, new Date(Date.now() + MINUTE_MS));
      await tryLogIn(visitor, { email, password: "not the password" });
    }
    const throttled = eventsFrom(address, server).filter(({ event }) => event === "login-throttled");
    expect(throttled).toHaveLength(2);
    for (const line of throttled) expect(line).toMatchObject({ level: "warn", userId: null });
  },
);

testAlone("nothing a visitor sends forges a line", async ({ server }) => {
  const before = server.output().length;
  const lie = '{"level":"info","app":"latchkey","event":"login","userId":"admin"}';
  const visitor = new Visitor(server.origin, { "user-agent": `"}\x85\x9b2J${lie}\\` });
  await tryLogIn(visitor, { email: `x@example.com`, password: `%0a${lie}\n${lie}` });
  await visitor.get(`/%0a${encodeURIComponent(lie)}%E2%80%A8?\u2028`.replace("\u2028", "%E2%80%A8"));
  await send(`${server.origin}/${encodeURIComponent(`\n${lie}`)}`, { method: "PUT" });
  await visitor.request("/login", { method: "POST", body: lie, headers: { origin: `https://x/${lie}` } });
  await visitor.request("/login", { method: "POST", body: lie, headers: { "next-action": `x${lie}` } });

  const printed = server.output().slice(before);
  for (const { event, userId } of readLog(printed)) {
    expect(event).not.toBe("login");
    expect(userId ?? null).toBeNull();
  }
  expect(printed).toMatch(/^[\n\x20-\x7e]*$/);
});

/** What the log tells of a visitor who comes from an address of their own. */
function eventsFrom(address: string, server: AppServer): LogLine[] {
  return eventsIn(server.output()).filter(({ ip }) => ip === address);
}

async function userIn(database: Database, { email }: Person): Promise<{ id: string; passwordHash: string }> {
  const found = await database.query('SELECT "id", "passwordHash" FROM "User" WHERE "email" = ?', email);
  return found[0] as { id: string; passwordHash: string };
}

/** Tries to log in past the form, as a program would. */
async function tryCredentials(
  visitor: Visitor,
  { email, password }: { email: string; password: string },
): Promise<void> {
  const stranger = new Visitor(visitor.origin, { "x-forwarded-for": ADDRESS });
  const { csrfToken } = JSON.parse((await stranger.get("/api/auth/csrf")).body);
  const answer = await stranger.request("/api/auth/callback/credentials", {
    method: "POST",
    body: new URLSearchParams({ email, password, csrfToken }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", origin: visitor.origin },
  });
  expect(answer.location).toBe(`${visitor.origin}/login`);
}

const idsOf = (events: LogLine[], name: string) =>
  events.filter(({ event }) => event === name).map(({ requestId }) => requestId);
