import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { openDatabase } from "../lib/testing/look-in";
import { DAY_MS } from "../lib/testing/product";
import { change } from "../lib/testing/session-rows";
import { temporaryFolder } from "../lib/testing/temporary-folder";
import {
  enter,
  expect,
  isLoggedIn,
  logIn,
  newMember,
  register,
  sessionToken,
  test,
  tryLogIn,
} from "./fixtures";
import { runCommand } from "./support/command";
import {
  type AppServer,
  freePort,
  SERVER_KINDS,
  type ServerKind,
  type Settings,
  spawnApp,
} from "./support/server";
import { send, Visitor } from "./support/visitor";

const SECRET = "s".repeat(32);
const NEW_PASSWORD = "open-sesame quite another password";
/** Nothing needs this name: no answer is awaited from it. */
const PUBLIC = "https://accounts.example";

/**
 * One of each way to be wrong; `lib/platform/env.test.ts` and `lib/platform/settings/addresses.test.ts` have the rest of what is
 * judged without a database or a port.
 */
const wrong: { what: string; settings: Settings; says: RegExp }[] = [
  { what: "a short secret", settings: { AUTH_SECRET: "short" }, says: /AUTH_SECRET.*32/ },
  { what: "a public address without a secret", settings: { AUTH_URL: PUBLIC }, says: /AUTH_SECRET/ },
  {
    what: "a database that cannot be reached",
    settings: { DATABASE_URL: "postgres://latchkey:hush-hush@127.0.0.1:1/latchkey" },
    says: /database|DATABASE_URL/,
  },
];

for (const { what, settings, says } of wrong)
  test(`the start stops at ${what}`, async ({ emptyDatabase }) => {
    const { DATA_DIR } = await emptyDatabase();
    await expectRefusal({ DATA_DIR, PORT: String(await freePort()), ...settings }, says);
  });

test("under every server a wrong setting stops the start", async ({ emptyDatabase }) => {
  const overHttps: Settings = { AUTH_URL: PUBLIC, AUTH_SECRET: SECRET };
  const { DATA_DIR } = await emptyDatabase();
  await Promise.all(
    SERVER_KINDS.map(async (serverKind) => {
      const PORT = String(await freePort());
      await expectRefusal({ ...overHttps, DATA_DIR, PORT }, /TRUSTED_PROXIES must be set/, serverKind);
    }),
  );
});

test("under every server an empty file in place of the secret stops the start, and stays as it is", async ({
  emptyDatabase,
}) => {
  const { DATA_DIR = "" } = await emptyDatabase();
  await writeFile(join(DATA_DIR, "auth-secret"), "\n", { mode: 0o600 });
  for (const serverKind of SERVER_KINDS)
    await expectRefusal(
      { DATA_DIR, PORT: String(await freePort()) },
      /auth-secret.* holds no secret/,
      serverKind,
    );
  expect(await readdir(DATA_DIR)).toEqual(["auth-secret"]);
});

test("on one PostgreSQL a second secret stops the start, until it names the former one", {
  tag: "@postgres",
}, async ({ ownServer, emptyDatabase }) => {
  const settings = { ...(await emptyDatabase()), AUTH_SECRET: SECRET };
  await ownServer(settings);
  const other = { ...settings, AUTH_SECRET: "n".repeat(32), PORT: String(await freePort()) };
  await expectRefusal(other, /AUTH_SECRET is not the secret that this database is used with/);
  await expectRefusal(other, /AUTH_SECRET is not the secret/, "next");
  await ownServer({ ...other, AUTH_SECRET_PREVIOUS: SECRET });
});

test("the start stops at a folder it cannot write to", async ({ emptyDatabase }) => {
  const { DATA_DIR = "" } = await emptyDatabase();
  // Root writes anywhere, but not even root makes a folder inside a file.
  const file = join(DATA_DIR, "file");
  await writeFile(file, "");
  const PORT = String(await freePort());
  await expectRefusal({ DATA_DIR: join(file, "below"), PORT }, /DATA_DIR|cannot be written/);
  await expectRefusal(
    { DATA_DIR, DATABASE_URL: `file:${join(file, "latchkey.db")}`, PORT },
    /DATABASE_URL|database/,
  );
});

test("the start stops at a file that is no database", async ({ emptyDatabase }) => {
  const { DATA_DIR = "" } = await emptyDatabase();
  await writeFile(join(DATA_DIR, "latchkey.db"), "this is a poem, not a database\n".repeat(200));
  await expectRefusal({ DATA_DIR, PORT: String(await freePort()) }, /database/);
  expect(await readFile(join(DATA_DIR, "latchkey.db"), "utf8")).toContain("this is a poem");
});

test("the start stops at a port that is taken", async ({ emptyDatabase }) => {
  const { DATA_DIR } = await emptyDatabase();
  const port = await freePort();
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(port, resolve));
  try {
    await expectRefusal({ DATA_DIR, PORT: String(port) }, new RegExp(`${port}`));
  } finally {
    holder.close();
  }
});

test("the start stops at a database that does not exist on the server", { tag: "@postgres" }, async ({
  emptyDatabase,
  site,
}) => {
  const { DATA_DIR } = await emptyDatabase();
  const url = new URL(site.databaseUrl);
  url.pathname = "/no_such_database";
  await expectRefusal(
    { DATA_DIR, DATABASE_URL: url.href, PORT: String(await freePort()) },
    /database|DATABASE_URL/,
  );
});

test("the start stops at a server that speaks no TLS, where TLS is asked for", { tag: "@postgres" }, async ({
  emptyDatabase,
}) => {
  const { DATA_DIR, DATABASE_URL } = await emptyDatabase();
  const PORT = String(await freePort());
  await expectRefusal({ DATA_DIR, DATABASE_URL: `${DATABASE_URL}?sslmode=verify-full`, PORT }, /SSL/);
});

test("an app has no account at first, makes a secret, and after a stop goes on with its people, logins and history without what has expired", async ({
  ownServer,
  site,
  emptyDatabase,
}) => {
  const { DATA_DIR = "" } = await emptyDatabase();
  await mkdir(join(DATA_DIR, "elsewhere"));
  const DATABASE_URL = `file:${join(DATA_DIR, "elsewhere", "people.db")}`;
  const first = await ownServer({ DATA_DIR, DATABASE_URL, PORT: String(await freePort()) });
  const database = openDatabase(first.databaseUrl);
  for (const table of ["User", "Session", "Account"])
    expect(await database.query(`SELECT * FROM "${table}"`), table).toEqual([]);
  expect(await readdir(DATA_DIR), "an embedded database may lie elsewhere").not.toContain("latchkey.db");
  const file = await secretFile(first.dataDir);
  const secret = await readFile(file, "utf8");
  expect(secret.trim().length).toBeGreaterThanOrEqual(43);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(first.output()).not.toContain(secret.trim());

  const visitor = new Visitor(first.origin);
  const person = await register(visitor);
  await logIn(visitor, person);
  const other = new Visitor(first.origin);
  await enter(database, other, await newMember(database));
  await tryLogIn(new Visitor(first.origin), { email: person.email, password: "not the password" });
  first.kill("SIGTERM");
  expect(await first.exit).toBe(0);
  const history = async () =>
    (await database.query<{ event: string }>('SELECT "event" FROM "AuditEvent" ORDER BY "at"')).map(
      ({ event }) => event,
    );
  expect(await history(), "that of the answers before the stop").toContain("login-failed");
  await database.query(
    `UPDATE "AuditEvent" SET "at" = ? WHERE "event" = 'registered'`,
    new Date(Date.now() - 366 * DAY_MS),
  );
  await change(database, sessionToken(other), { expiresAt: new Date(Date.now() - 2 * DAY_MS) });

  const second = await ownServer(first.settings); // on the port that is free again at once
  expect(await readFile(file, "utf8")).toBe(secret);
  expect(await isLoggedIn(visitor)).toBe(true);
  await expect.poll(() => database.query('SELECT "id" FROM "Session"')).toHaveLength(1);
  await expect.poll(history).toEqual(["login", "login-failed"]);
  expect(await readFile(await secretFile(site.dataDir), "utf8")).not.toBe(secret);

  second.kill("SIGHUP"); // a service that is told to reload goes on
  const page = await visitor.get("/account/password");
  const values = { currentPassword: person.password, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
  const forms = async () => (await database.query('SELECT "id" FROM "SentForm"')).length;
  const before = await forms();
  const answer = visitor.send("/account/password", page, values);
  await expect.poll(forms, { intervals: [20] }).toBe(before + 1); // it is in the server's hands
  second.kill("SIGTERM");
  expect((await answer).location, "a stop finishes the answers that have begun").toBe(
    `${second.origin}/account/password`,
  );
  expect(await second.exit).toBe(0);
});

let toldFolder: Promise<string> | undefined;

/** An app that is told where to be, for the stories that only look at it. */
const told = test.extend<{ told: AppServer }>({
  told: async ({ sharedServer }, use) => {
    toldFolder ??= temporaryFolder("told");
    const DATA_DIR = join(await toldFolder, "made", "on", "the", "way");
    await use(await sharedServer({ AUTH_SECRET: SECRET, DATA_DIR, HOSTNAME: "127.0.0.1" }));
  },
});

told("a secret from the environment leaves none behind", async ({ told }) => {
  expect((await readdir(told.dataDir)).filter((name) => name.includes("secret"))).toEqual([]);
  expect(told.output()).not.toContain(SECRET);
});

told("a folder that is not there yet is made", async ({ told }) => {
  expect(await readdir(told.dataDir)).toContain("latchkey.db");
});

told("the app listens where it is told to, and only there", async ({ told }) => {
  const { port } = new URL(told.origin);
  expect((await send(`http://127.0.0.1:${port}/login`)).status).toBe(200);
  await expect(send(`http://127.0.0.2:${port}/login`)).rejects.toThrow(/ECONNREFUSED/);
});

test("several apps that start at once on one empty database all serve, and each migration ran once", {
  tag: "@postgres",
}, async ({ instances }) => {
  for (const { origin } of instances) expect((await send(`${origin}/login`)).status).toBe(200);

  const database = openDatabase(instances[0].databaseUrl);
  const migrations = await database.query<{ migration_name: string }>(
    'SELECT "migration_name" FROM "_prisma_migrations"',
  );
  const names = migrations.map(({ migration_name }) => migration_name);
  expect(names.length).toBeGreaterThan(0);
  expect(new Set(names).size).toBe(names.length);

  const person = await register(new Visitor(instances[0].origin));
  const visitor = new Visitor(instances[2].origin);
  await logIn(visitor, person);
  const elsewhere = new Visitor(instances[1].origin);
  for (const [name, value] of visitor.cookies) elsewhere.cookies.set(name, value);
  expect(await isLoggedIn(elsewhere)).toBe(true);
});

test("the operator migrates before the start, as often as they like, and is told what was done", async ({
  emptyDatabase,
  databaseKind,
}) => {
  const settings = await emptyDatabase();
  const folders = await readdir(join(import.meta.dirname, "../prisma/migrations", databaseKind));
  const names = folders.filter((name) => /^\d{14}_/.test(name)).sort();
  const applied = names.map((name) => `Applied migration ${name}`);
  expect(await runCommand(["migrate"], settings)).toEqual({ code: 0, lines: applied });
  const nothing = { code: 0, lines: ["The database has every migration."] };
  expect(await runCommand(["migrate"], settings)).toEqual(nothing);
});

test("migrating without a database is refused in one sentence", async ({ emptyDatabase }) => {
  const { DATA_DIR = "" } = await emptyDatabase();
  await writeFile(join(DATA_DIR, "file"), "");
  for (const DATABASE_URL of [
    "postgres://latchkey:hush-hush@127.0.0.1:1/latchkey",
    `file:${join(DATA_DIR, "file", "latchkey.db")}`,
  ]) {
    const { code, lines } = await runCommand(["migrate"], { DATABASE_URL });
    expect(code).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^Cannot (reach|open) the .*database.*\.$/)]);
    expect(lines[0]).not.toContain("hush-hush");
  }
});

/** What Next says to a person at every start: its version, its addresses, how long it took. */
const NEXTS_OWN = /^$|^▲ Next\.js|^- (Local|Network): |^✓ /;

/** What a start writes into the log while it waits, before it gives up. */
const WAITING = /^\{"level":"info",.*"msg":"Waiting for the PostgreSQL database /;

/** Expects the app to stop by itself, with one sentence that says why and no word of a password. */
async function expectRefusal(
  settings: Settings,
  says: RegExp,
  serverKind: ServerKind = "own",
): Promise<void> {
  const app = spawnApp(settings, { serverKind });
  const patience = AbortSignal.timeout(45_000);
  patience.addEventListener("abort", () => app.kill("SIGKILL"));
  const code = await app.exit;
  const all = stripVTControlCharacters(app.output()).trim().split("\n");
  const printed = all.filter((line) => !WAITING.test(line));
  const lines = serverKind === "own" ? printed : printed.filter((line) => !NEXTS_OWN.test(line));
  expect(lines, app.output()).toHaveLength(1);
  expect(lines[0]).toMatch(says);
  expect(lines[0]).toMatch(/\.$/);
  expect(lines[0]).not.toMatch(/hush-hush/);
  expect(code, "a number, for nothing killed it").toBeGreaterThan(0);
}

async function secretFile(dataDir: string): Promise<string> {
  const names = (await readdir(dataDir)).filter((name) => name.includes("secret"));
  expect(names).toHaveLength(1);
  return join(dataDir, names[0] ?? "");
}
