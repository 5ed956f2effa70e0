import { lstat, readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join, relative } from "node:path";
import { openDatabase } from "../lib/testing/look-in";
import { sessionRow } from "../lib/testing/session-rows";
import { expect, isLoggedIn, logIn, newMember, newStranger, register, sessionToken, test } from "./fixtures";
import { SERVER_KINDS } from "./support/server";
import { readForms, send, textOf, Visitor } from "./support/visitor";

const ROOT = join(import.meta.dirname, "..");

/** What others write to meanwhile: this run, and development servers. Packages and history are too much to look at. */
const NOT_OURS = new Set(["node_modules", ".git", ".data", "e2e", "next-env.d.ts"]);
const DEVELOPMENT = join(ROOT, ".builds/new/dev");

/** As an operator calls them. */
const NAMES = { own: "npm start", next: "next start", standalone: "the standalone output" } as const;

/** The name of an action that no build has. */
const GONE = `60${"0".repeat(40)}`;

const LAST_REQUEST = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** How long a connection may be silent, in milliseconds: less than the server keeps an idle one. */
const SILENCE_MS = 30_000;

const UNKNOWN_ADDRESSES = "The addresses of visitors are unknown, so the limits for one network are off";

test("next start without a proxy says that it knows no addresses, believes none and limits no network", async ({
  ownServer,
}) => {
  const server = await ownServer({ TRUSTED_PROXIES: "" }, { serverKind: "next" });
  const requestId = "a-number-of-my-own";
  const forged = {
    "x-forwarded-for": "203.0.113.9",
    "x-latchkey-request": encodeURIComponent(JSON.stringify({ requestId, path: "/account", flash: null })),
  };
  const somebody = new Visitor(server.origin, forged);
  const page = await somebody.get("/login");
  const guess = { email: newStranger().email, password: "a wrong guess it is" };
  expect(textOf((await somebody.send("/login", page, guess)).body)).toContain("Login Unsuccessful");
  const database = openDatabase(server.databaseUrl);
  expect(await database.query('SELECT "key" FROM "LoginBackoff"'), "the account's").toHaveLength(1);
  expect(await database.query('SELECT "key" FROM "RateLimit"'), "a network's").toEqual([]);

  const stranger = new Visitor(server.origin, forged);
  const { headers } = await logIn(stranger, await newMember(database));
  expect((await sessionRow(database, sessionToken(stranger))).ip).toBeNull();
  expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);

  await server.stop();
  expect(server.output().split(UNKNOWN_ADDRESSES)).toHaveLength(2);
  expect(server.output()).not.toMatch(/203\.0\.113\.9|standalone|^ +at /m);
  expect(server.output()).not.toContain(requestId);
});

for (const serverKind of SERVER_KINDS)
  test(`${NAMES[serverKind]} serves the current build, finds the data in a folder named from the checkout and writes there alone; told to stop right after an answer, it sends its email`, async ({
    ownServer,
    emptyDatabase,
    ownMailbox: mailbox,
  }) => {
    const { DATA_DIR = "" } = await emptyDatabase();
    const before = await snapshot();
    expect(before.size).toBeGreaterThan(1000);
    const settings = { ...mailbox.settings, DATA_DIR: relative(ROOT, DATA_DIR) };
    const server = await ownServer(settings, { serverKind });
    const visitor = new Visitor(server.origin);
    await logIn(visitor, await newMember(openDatabase(`file:${join(DATA_DIR, "latchkey.db")}`)));
    expect(await isLoggedIn(visitor)).toBe(true);

    mailbox.hold(); // until the server has heard the signal: an email before that would show nothing
    const person = await register(new Visitor(server.origin));
    server.kill("SIGTERM");
    await expect
      .poll(() => send(`${server.origin}/login`).catch(String), { intervals: [50] })
      .toContain("ECONNREFUSED");
    mailbox.release();
    await server.exit;
    expect(mailbox.to(person.email, "verify-email")).toHaveLength(1);
    const waiting = openDatabase(server.databaseUrl).query('SELECT "id" FROM "OutboxEmail"');
    expect(await waiting, "what is sent is not sent again").toEqual([]);
    expect(await changesSince(before)).toEqual([]);
  });

test("a request to upgrade the connection is answered like any other, and holds no connection open", async ({
  site,
}) => {
  for (const path of ["/login", "/_next/webpack-hmr"]) {
    const upgrade = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    const received = await untilClosed(site.origin, upgrade, LAST_REQUEST);
    const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    expect(statuses, path).toEqual([path === "/login" ? 200 : 404, 200]);
  }
});

test("a form whose page is older than the site comes back with what was typed, passwords apart, and works then", {
  tag: "@servers",
}, async ({ visitor }) => {
  const { username, email, password } = newStranger();
  const page = await visitor.get("/register");
  const older = { ...page, body: page.body.replace(/(?<=&quot;id&quot;:&quot;)[0-9a-f]{42}/g, GONE) };
  const typed = { username, email, password, confirmation: password };
  const answer = await visitor.send("/register", older, typed);
  expect(answer.status).toBe(409);
  expect(answer.headers["content-type"]).toContain("text/html");
  expect(textOf(answer.body)).toContain("This site was updated while your page was open");
  expect(answer.body).not.toContain(password);
  const form = readForms(answer.body).find(({ fields }) => fields.has("confirmation"));
  expect(Object.fromEntries(form?.fields ?? [])).toMatchObject({ username, email, password: "" });

  const asked = await visitor.request("/register", {
    method: "POST",
    headers: {
      origin: visitor.origin,
      "next-action": GONE,
      "content-type": "multipart/form-data; boundary=x",
      "content-length": "7",
    },
    body: "--x--\r\n",
  });
  expect(asked.status).toBe(409);
  expect(asked.headers["x-nextjs-action-not-found"]).toBe("1");

  const again = await visitor.send("/register", answer, { password, confirmation: password });
  expect(again.location).toBe(`${visitor.origin}/login`);
});

test("a form in chunks works like any other, and one that goes on above the limit is answered 413 and cut off", {
  tag: "@servers",
}, async ({ site, visitor, registered }) => {
  const person = await registered();
  const chunked = { "transfer-encoding": "chunked" };
  const page = await visitor.get("/login");
  await visitor.send(
    "/login",
    page,
    { email: person.email, password: person.password },
    { headers: chunked },
  );
  expect(await isLoggedIn(visitor)).toBe(true);

  const program = new Visitor(site.origin);
  const { csrfToken } = JSON.parse((await program.get("/api/auth/csrf")).body);
  const { email, password } = person;
  const answer = await program.request("/api/auth/callback/credentials", {
    method: "POST",
    body: new URLSearchParams({ email, password, csrfToken }).toString(),
    headers: { ...chunked, "content-type": "application/x-www-form-urlencoded" },
  });
  expect(answer.location).toBe(`${site.origin}/`);
  expect(await isLoggedIn(program)).toBe(true);

  for (const [path, type] of [
    ["/login", "multipart/form-data; boundary=x"],
    ["/api/auth/callback/credentials", "application/x-www-form-urlencoded"],
  ] as const) {
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunks = `8000\r\n${"a".repeat(0x8000)}\r\n`.repeat(40); // 1.25 MiB, and no end
    const received = await untilClosed(site.origin, head + chunks, "");
    expect(received, path).toMatch(/^HTTP\/1\.1 413 /);
    expect(received, path).toMatch(/^connection: close/im);
  }
  expect((await visitor.get("/login")).status, "others are served as before").toBeLessThan(400);
});

/** Sends one request, a second when the first is being answered, and answers all that came until the connection ended. */
function untilClosed(origin: string, first: string, second: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(Number(port), hostname, () => socket.write(first));
    socket.once("data", () => socket.write(second));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    const open = () => new Error(`the connection is still open after ${received.length} bytes`);
    socket.setTimeout(SILENCE_MS, () => socket.destroy(open()));
    socket.once("error", reject).once("close", () => resolve(received));
  });
}

/**
 * Every file and folder of the checkout and its build; files with when they were last written to. What lies in a cache of
 * the packages counts by its name: hard-linked packages share it with other checkouts.
 */
async function snapshot(): Promise<Map<string, number>> {
  const names = (await readdir(ROOT)).filter((name) => !NOT_OURS.has(name));
  const found = await Promise.all(names.map((name) => filesIn(join(ROOT, name))));
  const cached = await filesIn(join(ROOT, "node_modules/.cache"));
  const files = found.flat().filter(([path]) => !path.startsWith(DEVELOPMENT));
  return new Map([...files, ...cached.map(([path]) => [path, 0] as const)]);
}

/** A file by itself; a folder and all that is in it; nothing where there is nothing. */
async function filesIn(path: string): Promise<[path: string, writtenAt: number][]> {
  const found = await lstat(path).catch(() => null);
  if (!found) return [];
  if (!found.isDirectory()) return [[path, found.mtimeMs]];
  const below = await Promise.all((await readdir(path)).map((name) => filesIn(join(path, name))));
  return [[path, 0], ...below.flat()];
}

async function changesSince(before: Map<string, number>): Promise<string[]> {
  const after = await snapshot();
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path));
}
