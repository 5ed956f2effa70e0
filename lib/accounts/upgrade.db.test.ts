import { createHmac, randomUUID } from "node:crypto";
import { cpSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import Database from "libsql";
import pg from "pg";
import { beforeAll, describe, expect, it, vi } from "vitest";

/** The database under test: it begins empty, and is made by the migrations of the release before. */
const { databaseUrl, mailbox } = await vi.hoisted(async () => {
  const { emptyDatabase } = await import("../testing/database");
  const { startMailbox } = await import("../testing/mailbox");
  const databaseUrl = await emptyDatabase();
  process.env.DATABASE_URL = databaseUrl;
  return { databaseUrl, mailbox: await startMailbox() };
});

import { diffSchemas } from "../../prisma/offline/diff";
import { inPrisma, schemaFor } from "../../prisma/offline/schema";
import { deliverDue } from "../mail/delivery";
import { derivedKey } from "../platform/crypto/derived-key";
import { seal } from "../platform/crypto/seal";
import { hashToken, newToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { migrate } from "../platform/db/migrations/migrate";
import { sqlitePath } from "../platform/db/url";
import { adoptBrowser, findKnownBrowser } from "../security/known-browsers";
import { findLinkToken } from "../security/link-tokens";
import { hashPassword } from "../security/passwords/password";
import { findSession } from "../security/sessions";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../shared/units";
import { emptyDatabase, newFolder, runsOn } from "../testing/database";
import { itOnce } from "../testing/it-once";
import { loggedInAs, logIn, NEW_PASSWORD, newClient, PASSWORD } from "../testing/people";
import { logInWithPassword } from "./login/log-in-with-password";
import { resetPassword } from "./reset-password";
import { verifyEmailByCode } from "./verify-email";

const MIGRATION = "20261125180535_locks_and_known_browsers";

type Row = Record<string, string | number | boolean | Date | null>;

/** Runs SQL without Prisma. */
async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const path = sqlitePath(url);
  if (path !== null) {
    const file = new Database(path);
    try {
      if (/^(select|pragma|insert)/i.test(sql)) return file.prepare(sql).all(...values) as never;
      file.exec(sql);
      return [];
    } finally {
      file.close();
    }
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Inserts a row as the old release wrote it. */
async function insert(table: string, row: Row): Promise<void> {
  const isSqlite = runsOn() === "sqlite";
  const columns = Object.keys(row).map((name) => `"${name}"`);
  const places = columns.map((_, index) => (isSqlite ? "?" : `$${index + 1}`));
  const values = Object.values(row).map((value) => {
    if (value instanceof Date) return value.toISOString().replace("Z", isSqlite ? "+00:00" : "");
    return isSqlite && typeof value === "boolean" ? Number(value) : value;
  });
  await query(databaseUrl, `INSERT INTO "${table}" (${columns}) VALUES (${places})`, values);
}

const inMs = (ms: number) => new Date(Date.now() + ms);

type User = ReturnType<typeof newUser>;

function newUser(passwordHash: string | null) {
  const email = `Ada-${randomUUID()}@example.com`;
  const emailCanonical = email.toLowerCase();
  return {
    id: randomUUID(),
    username: email,
    usernameCanonical: emailCanonical,
    email,
    emailCanonical,
    emailVerified: null,
    passwordHash,
    createdAt: inMs(-DAY_MS),
    updatedAt: inMs(-DAY_MS),
  };
}

function newSession(userId: string, endsInMs: number) {
  const token = newToken();
  const row = {
    id: randomUUID(),
    tokenHash: hashToken(token),
    userId,
    createdAt: inMs(-HOUR_MS),
    lastSeenAt: inMs(-MINUTE_MS),
    expiresAt: inMs(endsInMs),
    isRemembered: true,
    ip: "203.0.113.7",
    userAgent: "a test",
  };
  return { token, row };
}

function newMailToken(purpose: string, { id: userId, emailCanonical: email }: User) {
  const token = newToken();
  const row = { id: randomUUID(), purpose, tokenHash: hashToken(token), userId, email, isMailed: true };
  return { token, row: { ...row, createdAt: inMs(-1000), expiresAt: inMs(20 * MINUTE_MS) } };
}

const passwordHash = await hashPassword(PASSWORD);
const [ada, locked, federated] = [newUser(passwordHash), newUser(null), newUser(null)];
/** People with a password: who logged in long ago or lately, who is logged in, and who never was. */
const [dormant, recent, loggedIn, newcomer] = Array.from({ length: 4 }, () => newUser(passwordHash)) as [
  User,
  User,
  User,
  User,
];
const [live, expired] = [newSession(ada.id, DAY_MS), newSession(ada.id, -MINUTE_MS)];
const [reset, restore] = [newMailToken("reset-password", locked), newMailToken("restore-email", ada)];
const verification = newMailToken("verify-email", ada);
const CODE = "012345";
const codeHash = createHmac("sha256", derivedKey("latchkey mailed code v1"))
  .update(`verify-email\n${ada.emailCanonical}\n${CODE}`)
  .digest("hex");
const email = { id: randomUUID(), to: ada.email, subject: "Choose a new password" };
const sealed = seal(
  email.id,
  JSON.stringify({ to: email.to, subject: email.subject, text: "Hello", html: "<p>Hello</p>" }),
);

beforeAll(async () => {
  const before = newFolder();
  cpSync(inPrisma("migrations"), before, {
    recursive: true,
    filter: (path) => !/^\d/.test(basename(path)) || basename(path) < MIGRATION,
  });
  await migrate(databaseUrl, before);

  for (const user of [ada, locked, federated, dormant, recent, loggedIn, newcomer])
    await insert("User", user);
  const account = { userId: federated.id, type: "oidc", provider: "example", providerAccountId: "1" };
  await insert("Account", { ...account, createdAt: inMs(0), updatedAt: inMs(0) });
  await insert("VerificationToken", { identifier: "i", token: "t", expires: inMs(0) });
  for (const { row } of [live, expired, newSession(loggedIn.id, DAY_MS)]) await insert("Session", row);
  for (const { row } of [reset, restore]) await insert("MailToken", row);
  await insert("MailToken", { ...verification.row, codeHash });
  const waiting = { id: email.id, sealed, attempts: 0, createdAt: inMs(0), dueAt: inMs(0) };
  await insert("Letter", { ...waiting, expiresAt: inMs(HOUR_MS) });
  const happened = (event: string, { id: userId }: User, ago: number) =>
    insert("AuditEvent", { id: randomUUID(), event, userId, at: inMs(-ago) });
  await happened("login", ada, HOUR_MS);
  for (const user of [recent, loggedIn, newcomer]) await happened("registered", user, DAY_MS);
  for (const ago of [2 * HOUR_MS, HOUR_MS]) await happened("login", recent, ago);
  const backoff = { failures: 6, opensAt: inMs(HOUR_MS), failedAt: inMs(0) };
  for (const key of ["device:x:1", "account:x", "pair:x:203.0.113.7"])
    await insert("LoginBackoff", { key, ...backoff });
  for (const key of ["letter-network:203.0.113.7", "letter-address:x", "login:203.0.113.7"])
    await insert("RateLimit", { key, points: 3, expire: inMs(HOUR_MS) });

  expect(await migrate(databaseUrl)).toEqual(
    readdirSync(inPrisma(`migrations/${runsOn()}`)).filter((name) => name >= MIGRATION && /^\d/.test(name)),
  );
});

const lockOf = (id: string) =>
  db.user.findUniqueOrThrow({ where: { id }, select: { lockedByOwnerAt: true, lockedByOperatorAt: true } });

describe("a database of the release before, once it is migrated", () => {
  it("keeps live sessions, and opens none that had ended", async () => {
    expect(await findSession(live.token)).toMatchObject({ user: { id: ada.id } });
    expect(await findSession(expired.token)).toBeNull();
  });

  it("knows the browsers that are logged in by their sessions, and no other", async () => {
    expect(await findKnownBrowser(ada.emailCanonical, live.token)).toBe(live.row.id);
    expect(await findKnownBrowser(ada.emailCanonical, expired.token)).toBeNull();
    const [browser, ...others] = await db.knownBrowser.findMany({ where: { userId: ada.id } });
    expect(browser).toMatchObject({ userId: ada.id, ip: "203.0.113.7", userAgent: "a test" });
    expect(browser?.createdAt).toEqual(live.row.createdAt);
    expect(browser?.lastLoginAt).toEqual(live.row.createdAt);
    expect(others).toEqual([]);
  });

  it("keeps emails that wait readable, and sends them", async () => {
    await deliverDue();
    expect((await mailbox.latest(ada.email, "reset-password")).text.trim()).toBe("Hello");
    expect(await db.outboxEmail.count()).toBe(0);
  });

  itOnce("gives a browser that logs in again a cookie of its own, without a security alert", async () => {
    const input = { email: ada.email, password: PASSWORD, remember: true };
    const browserToken = newToken();
    await adoptBrowser(live.token, browserToken); // as its first page does
    const client = newClient(browserToken);
    const login = await logInWithPassword({ ...input, previousSessionToken: live.token }, client);
    if (!login.ok) return expect.fail("not logged in");
    expect(login.browserToken).toBe(browserToken);
    expect(await findKnownBrowser(ada.emailCanonical, login.browserToken)).toBe(live.row.id);
    expect(await findSession(live.token)).toBeNull();
    expect(await db.outboxEmail.count()).toBe(0);
  });

  it("keeps links and codes that were sent working", async () => {
    expect(await findLinkToken("restore-email", restore.token)).toMatchObject({ id: ada.id });
    expect(await findLinkToken("verify-email", verification.token)).toMatchObject({ id: ada.id });
    expect(
      await verifyEmailByCode({ email: ada.email, code: CODE }, loggedInAs(ada), newClient()),
    ).toMatchObject({ ok: true });
  });

  it("keeps the accounts locked that their owners locked, until they set a new password", async () => {
    expect(await lockOf(locked.id)).toEqual({ lockedByOwnerAt: expect.any(Date), lockedByOperatorAt: null });
    const age = Date.now() - ((await lockOf(locked.id)).lockedByOwnerAt?.getTime() ?? 0);
    expect(Math.abs(age)).toBeLessThan(10 * MINUTE_MS);
    expect(await logIn(locked.email)).toEqual({ ok: false, reason: "refused" });

    const input = { token: reset.token, password: NEW_PASSWORD };
    expect(await resetPassword(input, newClient())).toMatchObject({ ok: true });
    expect(await lockOf(locked.id)).toEqual({ lockedByOwnerAt: null, lockedByOperatorAt: null });
    expect(await logIn(locked.email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  it("locks no account that has a password or another way to log in", async () => {
    for (const { id } of [ada, federated])
      expect(await lockOf(id)).toEqual({ lockedByOwnerAt: null, lockedByOperatorAt: null });
  });

  it("keeps what was counted, except for browsers that no cookie names any more", async () => {
    const ofAccount = { where: { account: "x" }, orderBy: { key: "asc" } } as const;
    const keys = (await db.loginBackoff.findMany(ofAccount)).map(({ key }) => key);
    expect(keys).toEqual(["account:x", "pair:x:203.0.113.7"]);
    expect(await db.loginBackoff.count()).toBe(2);
    const where = { key: { in: ["email-network:203.0.113.7", "email-address:x", "login:203.0.113.7"] } };
    expect((await db.rateLimit.findMany({ where })).map(({ points }) => points)).toEqual([3, 3, 3]);
  });
});

describe("User.firstLoginAt, once a database of the release before is migrated", () => {
  const firstLoginOf = async ({ id }: User) =>
    (await db.user.findUniqueOrThrow({ where: { id }, select: { firstLoginAt: true } })).firstLoginAt;

  it("is the oldest login in the account's history", async () => {
    const ago = Date.now() - ((await firstLoginOf(recent))?.getTime() ?? 0);
    expect(Math.abs(ago - 2 * HOUR_MS)).toBeLessThan(10 * MINUTE_MS);
  });

  it("is the moment of registering where there may have been a login that no history has", async () => {
    expect(await firstLoginOf(loggedIn)).toEqual(loggedIn.createdAt);
    expect(await firstLoginOf(dormant)).toEqual(dormant.createdAt);
  });

  it("is null where the history goes back to the registration and has no login", async () => {
    expect(await firstLoginOf(newcomer)).toBeNull();
  });
});

describe("the migrations", () => {
  it("make the tables, columns and indexes that schema.prisma names", async () => {
    const made = await emptyDatabase();
    await query(made, (await diffSchemas(runsOn(), null, schemaFor(runsOn()))) ?? "");
    const shape = await shapeOf(databaseUrl);
    expect(shape).toEqual(await shapeOf(made));
    expect(shape.length).toBeGreaterThan(60);
  });
});

/** Names of all columns and indexes, and of the constraints where they have names of their own. */
async function shapeOf(url: string): Promise<string[]> {
  const sql =
    runsOn() === "sqlite"
      ? `SELECT 'index ' || name AS name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'
         UNION SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull"
         FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name <> '_prisma_migrations'`
      : `SELECT 'index ' || indexdef AS name FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
         UNION SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
         UNION SELECT 'constraint ' || conname || ' on ' || conrelid::regclass FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> '_prisma_migrations'`;
  return (await query(url, sql)).map(({ name }) => String(name)).sort();
}
