import { expect, test, testAlone } from "./fixtures";
import { eventsIn } from "./support/log";
import { testOutage } from "./support/outage";
import { type Answer, send, Visitor } from "./support/visitor";

const ALIVE = "/api/health";
const READY = "/api/health/ready";

for (const path of [ALIVE, READY])
  test(`${path} answers everyone, in two words`, async ({ site }) => {
    const answer = await send(site.origin + path);
    expect(answer.status).toBe(200);
    expectNoDetails(answer, { status: "ok" });
    expect(answer.setCookies).toEqual([]);

    const head = await send(site.origin + path, { method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
    const form = { "content-type": "application/x-www-form-urlencoded", "content-length": 0 };
    const post = await send(site.origin + path, { method: "POST", headers: form });
    expect(post.status).toBe(405);
  });

testAlone("a probe leaves no line", async ({ server }) => {
  const before = server.output();
  for (const path of [ALIVE, READY, ALIVE, READY]) await send(server.origin + path);
  await tryRefused(server.origin); // the next line there is
  expect(eventsIn(server.output().slice(before.length)).map(({ event }) => event)).toEqual([
    "refused-request",
  ]);
});

testOutage(
  "without the database the app is alive and not ready, says so shortly, and is ready afterwards",
  {
    tag: "@postgres",
  },
  async ({ postgres, server, visitor, registered, enter }) => {
    const person = await registered();
    await enter(visitor, person);
    const outside = new Visitor(server.origin);
    const loginPage = await outside.get("/login");
    expect((await send(server.origin + READY)).status).toBe(200);
    const before = server.output();

    await postgres.stopServer();
    expect((await send(server.origin + ALIVE)).status).toBe(200);
    for (const method of ["GET", "HEAD"]) {
      const answer = await send(server.origin + READY, { method });
      expect(answer.status).toBe(503);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
      if (method === "GET") expectNoDetails(answer, { status: "unavailable" });
      else expect(answer.body).toBe("");
    }
    const page = await visitor.get("/account");
    const { email, password } = person;
    const login = await outside.send("/login", loginPage, { email, password });
    expect([page.status, login.status]).toEqual([503, 503]);

    const lines = eventsIn(server.output().slice(before.length));
    const unavailable = (method: string, path: string, { headers }: Answer) =>
      expect.objectContaining({
        level: "warn",
        event: "unavailable",
        requestId: headers["x-request-id"],
        method,
        path,
      });
    const { host } = new URL(postgres.url);
    // What the app does behind the scenes may meet it as well, and tell of it in the probe's place.
    const pages = lines.filter(({ path }) => path === "/account" || path === "/login");
    expect(pages).toEqual([unavailable("GET", "/account", page), unavailable("POST", "/login", login)]);
    expect(lines.length, "it is told before them").toBeGreaterThan(pages.length);
    expect(lines.filter(({ path }) => path === READY).length, "a probe tells once").toBeLessThanOrEqual(1);
    for (const { reason } of lines) expect(reason).toMatch(/ECONNREFUSED|57P0|terminated/);
    expect(lines.at(-1)?.reason).toContain(`PostgreSQL at ${host} takes no connections: start it`);
    expect(JSON.stringify(lines)).not.toMatch(/stack|at \w+ \(|postgres:/);

    await postgres.startAgain();
    await expect.poll(async () => (await send(server.origin + READY)).status).toBe(200);
    expect(eventsIn(server.output()).at(-1)).toMatchObject({ event: "available", service: "database" });
  },
);

function expectNoDetails(answer: Answer, body: object): void {
  expect(answer.headers["content-type"]).toMatch(/^application\/json/);
  expect(answer.headers["cache-control"]).toContain("no-store");
  expect(answer.headers["x-powered-by"]).toBeUndefined();
  expect(JSON.parse(answer.body)).toEqual(body);
}

function tryRefused(origin: string): Promise<Answer> {
  return send(`${origin}/`, { method: "PUT" });
}
