import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "libsql";
import { describe, expect, it } from "vitest";
import { db } from "../platform/db";
import { migrate } from "../platform/db/migrations/migrate";
import { openSqlite } from "../platform/db/sqlite";
import { newFolder, runsOn } from "../testing/database";

const RUN = fileURLToPath(new URL("run.mjs", import.meta.url));

/** What a command prints and ends with. */
async function run(args: string[], settings: Record<string, string> = {}, cwd = newFolder()) {
  const env = { ...process.env, AUTH_SECRET: "", npm_lifecycle_event: "", ...settings };
  const child = spawn(process.execPath, [RUN, ...args], { env, cwd });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (errors += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, output: output.trim(), errors: errors.trim() };
}

const newUser = (client = db) => {
  const email = `ada-${randomUUID()}@example.com`;
  const data = { username: email, usernameCanonical: email, email, emailCanonical: email };
  return client.user.create({ data, select: { id: true } });
};

/** A folder of data with a database in it that nothing has open, and so many accounts. */
async function newData(accounts: number) {
  const DATA_DIR = newFolder();
  const path = join(DATA_DIR, "latchkey.db");
  await db.$executeRawUnsafe(`VACUUM INTO '${path}'`);
  const file = new Database(path); // by exec() alone: a statement would keep it open after it is closed
  file.exec('PRAGMA journal_mode=WAL; DELETE FROM "User"');
  for (let count = 0; count < accounts; count++)
    file.exec(
      `INSERT INTO "User" ("id", "username", "usernameCanonical", "email", "emailCanonical", "updatedAt")
        VALUES ('${count}', '${count}', '${count}', '${count}', '${count}', 0)`,
    );
  file.close();
  return { path, settings: { DATA_DIR, DATABASE_URL: "" } };
}

/** Counted in a copy, so that the file is not open afterwards. */
function accountsIn(path: string): number {
  const copy = join(newFolder(), "copy.db");
  for (const part of ["", "-wal"]) if (existsSync(path + part)) copyFileSync(path + part, copy + part);
  const [[count = 0] = []] = new Database(copy)
    .prepare('SELECT count(*) FROM "User"')
    .raw()
    .all() as number[][];
  return count;
}

describe.runIf(runsOn() === "postgres")("with PostgreSQL", () => {
  it("backup and restore name what to use instead", async () => {
    const file = join(newFolder(), "acme.db");
    expect(await run(["backup", file])).toMatchObject({
      code: 1,
      errors: expect.stringContaining("pg_dump"),
    });
    expect(await run(["restore", file])).toMatchObject({
      code: 1,
      errors: expect.stringContaining("pg_restore"),
    });
    expect(existsSync(file)).toBe(false);
  });
});

describe.runIf(runsOn() === "sqlite")("npm run backup", () => {
  it("copies what is in the log of changes of a running app too, for its owner alone", async () => {
    for (let count = 0; count < 3; count++) await newUser();
    const path = String(process.env.DATABASE_URL).slice("file:".length);
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    const file = join(newFolder(), "acme.db");
    const writing = Promise.all(Array.from({ length: 20 }, () => newUser()));
    const { code, output, errors } = await run(["backup", file]);
    await writing;
    expect([code, errors]).toEqual([0, ""]);
    expect(output).toMatch(
      new RegExp(`^Backed up ${path} to ${file}, with \\d+ accounts?\\. Keep AUTH_SECRET`),
    );
    expect(accountsIn(file)).toBeGreaterThanOrEqual(3);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("gives a file in a folder the time as its name, takes the secret with it, and leaves nothing else", async () => {
    const { settings } = await newData(2);
    writeFileSync(join(settings.DATA_DIR, "auth-secret"), "s".repeat(43), { mode: 0o600 });
    const folder = newFolder();
    expect((await run(["backup", "."], settings, folder)).code).toBe(0);
    const names = readdirSync(folder).sort();
    expect(names).toEqual([
      expect.stringMatching(/^latchkey-\d{8}T\d{6}Z\.db$/),
      expect.stringMatching(/^latchkey-\d{8}T\d{6}Z\.db\.auth-secret$/),
    ]);
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it("makes a copy of the secret for its owner alone, whatever mode it has", async () => {
    const { settings } = await newData(1);
    writeFileSync(join(settings.DATA_DIR, "auth-secret"), "s".repeat(43));
    chmodSync(join(settings.DATA_DIR, "auth-secret"), 0o644);
    const file = join(newFolder(), "acme.db");
    expect((await run(["backup", file], settings)).code).toBe(0);
    expect(statSync(`${file}.auth-secret`).mode & 0o777).toBe(0o600);
  });

  it("overwrites nothing, makes no database, and says how it is used", async () => {
    const { path, settings } = await newData(1);
    const file = join(newFolder(), "acme.db");
    writeFileSync(file, "another backup");
    expect(await run(["backup", file], settings)).toEqual({
      code: 1,
      output: "",
      errors: `${file} is there already: name another file.`,
    });
    expect(readFileSync(file, "utf8")).toBe("another backup");
    const missing = { DATABASE_URL: `file:${path}.missing` };
    expect((await run(["backup", `${file}.new`], missing)).errors).toContain("There is no database at");
    expect(existsSync(`${path}.missing`) || existsSync(`${file}.new`)).toBe(false);
    expect((await run(["backup", join(newFolder(), "no", "folder.db")], settings)).errors).toMatch(
      /^Cannot back .*\.$/,
    );
    expect((await run(["backup"], settings)).errors).toBe("Usage: npm run backup -- <file>");
  });
});

describe.runIf(runsOn() === "sqlite")("npm run restore", () => {
  it("puts a backup in place, with its secret, and keeps what was there", async () => {
    const { path, settings } = await newData(2);
    const secret = join(settings.DATA_DIR, "auth-secret");
    const ofTheBackup = "that-of-the-backup".repeat(2);
    writeFileSync(secret, `${ofTheBackup}\n`, { mode: 0o600 });
    const file = join(newFolder(), "acme.db");
    expect((await run(["backup", file], settings)).code).toBe(0);
    chmodSync(`${file}.auth-secret`, 0o644); // as a copy on another disk has it
    const later = new Database(path);
    later.exec(`DELETE FROM "User" WHERE "id" = '0'`);
    later.close();
    writeFileSync(secret, "a later one");

    const { code, output, errors } = await run(["restore", file], settings);
    expect([code, errors]).toEqual([0, ""]);
    const [, kept = ""] = /with 2 accounts\. What was there is now (\S+\.before-\S+Z)\. /.exec(output) ?? [];
    expect(accountsIn(path)).toBe(2);
    expect(accountsIn(kept)).toBe(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(secret, "utf8").trim()).toBe(ofTheBackup);
    expect(statSync(secret).mode & 0o777).toBe(0o600);
    const [laterSecret = ""] = readdirSync(settings.DATA_DIR).filter((name) =>
      name.startsWith("auth-secret."),
    );
    expect(readFileSync(join(settings.DATA_DIR, laterSecret), "utf8")).toBe("a later one");
    const again = openSqlite(path);
    await newUser(again); // it can be written to, with a log of changes
    expect(existsSync(`${path}-wal`)).toBe(true);
    await again.$disconnect();
  });

  it.each([
    ["empty", ""],
    ["a short one", "short"],
    ["of two lines", `${"s".repeat(40)}\n${"t".repeat(40)}`],
    ["no text", Buffer.alloc(64, 0xff)],
  ])(
    "refuses a copy of the secret that a start would refuse, %s, before anything is replaced",
    async (_, copy) => {
      const { path, settings } = await newData(3);
      const file = (await newData(1)).path;
      const secret = join(settings.DATA_DIR, "auth-secret");
      writeFileSync(secret, "s".repeat(43), { mode: 0o600 });
      writeFileSync(`${file}.auth-secret`, copy);
      const { code, output, errors } = await run(["restore", file], settings);
      expect([code, output]).toEqual([1, ""]);
      expect(errors).toMatch(/^\S+\.auth-secret holds no secret: [^\n]*\.$/);
      expect(accountsIn(path)).toBe(3);
      expect(readFileSync(secret, "utf8")).toBe("s".repeat(43));
      expect(readdirSync(settings.DATA_DIR).sort()).toEqual(["auth-secret", "latchkey.db"]);
    },
  );

  it("leaves no draft of a secret where the database is refused", async () => {
    const { settings } = await newData(1);
    const file = join(newFolder(), "poem.db");
    writeFileSync(file, "Dear database,\n".repeat(100));
    writeFileSync(`${file}.auth-secret`, "s".repeat(43));
    expect((await run(["restore", file], settings)).code).toBe(1);
    expect(readdirSync(settings.DATA_DIR)).toEqual(["latchkey.db"]);
  });

  it("makes the folder and the database where there are none", async () => {
    const { path } = await newData(1);
    const DATA_DIR = join(newFolder(), "new");
    const settings = { DATA_DIR, DATABASE_URL: "" };
    const { code, output } = await run(["restore", path], settings);
    expect([code, output]).toEqual([0, expect.stringContaining("There was none before.")]);
    expect(accountsIn(join(DATA_DIR, "latchkey.db"))).toBe(1);
    expect(readdirSync(DATA_DIR)).toEqual(["latchkey.db"]);
  });

  it("takes the newest rows of a copy made by hand from beside it", async () => {
    const from = await newData(1);
    const client = openSqlite(from.path);
    await newUser(client);
    const file = join(newFolder(), "copy.db");
    for (const part of ["", "-wal"]) copyFileSync(from.path + part, file + part);
    await client.$disconnect();
    const { path, settings } = await newData(5);
    expect((await run(["restore", file], settings)).output).toContain("with 2 accounts.");
    expect(accountsIn(path)).toBe(2);
  });

  it("refuses while the app has the database open", async () => {
    const { path, settings } = await newData(3);
    const backup = (await newData(1)).path;
    const app = openSqlite(path);
    await app.user.count();
    const { code, errors } = await run(["restore", backup], settings);
    expect([code, errors]).toEqual([1, expect.stringMatching(/is in use: stop the app, .*\.$/)]);
    expect(await app.user.count()).toBe(3);
    await newUser(app);
    await app.$disconnect();
  });

  it("applies the migrations that an older backup lacks", async () => {
    const { path, settings } = await newData(0);
    const file = join(newFolder(), "older.db");
    const older = join(newFolder(), "migrations");
    const shipped = fileURLToPath(new URL("../../prisma/migrations/sqlite", import.meta.url));
    const [first = ""] = readdirSync(shipped).sort();
    mkdirSync(join(older, "sqlite", first), { recursive: true });
    copyFileSync(join(shipped, first, "migration.sql"), join(older, "sqlite", first, "migration.sql"));
    await migrate(`file:${file}`, older);
    expect((await run(["restore", file], settings)).code).toBe(0);
    expect(await migrate(`file:${path}`)).toEqual([]);
  });

  it("refuses what is no backup, or damaged, of a newer release, of another app or the database itself, and changes nothing", async () => {
    const { path, settings } = await newData(20);
    const folder = newFolder();
    const poem = join(folder, "poem.db");
    writeFileSync(poem, "Dear database,\n".repeat(100));
    const empty = join(folder, "empty.db");
    writeFileSync(empty, "");
    const damaged = join(folder, "damaged.db");
    copyFileSync(path, damaged);
    const bytes = readFileSync(damaged);
    bytes.fill(0xff, 4096 * 3, 4096 * 6);
    writeFileSync(damaged, bytes);
    const newer = join(folder, "newer.db");
    copyFileSync(path, newer);
    const file = new Database(newer);
    file.exec("UPDATE _prisma_migrations SET migration_name = '29990101000000_new' WHERE rowid = 1");
    file.close();
    const other = join(folder, "other.db");
    const otherFile = new Database(other);
    otherFile.exec("CREATE TABLE notes (id INTEGER)");
    otherFile.close();

    for (const [what, says] of [
      [poem, /is no backup of this app/],
      [empty, /is no backup of this app/],
      [damaged, /is no backup of this app/],
      [newer, /of a newer release/],
      [other, /is no backup of this app/],
      [path, /is the database itself/],
      [join(folder, "missing.db"), /There is no file/],
      [folder, /There is no file/],
    ] as const) {
      const { code, output, errors } = await run(["restore", what], settings);
      expect([code, output], errors).toEqual([1, ""]);
      expect(errors).toMatch(says);
      expect(errors).toMatch(/^[^\n]*\.$/);
    }
    expect(accountsIn(path)).toBe(20);
    expect(readdirSync(settings.DATA_DIR)).toEqual(["latchkey.db"]);
  });

  it("puts a backup in place of a damaged file, whose changes do not get into the new one", async () => {
    const { path, settings } = await newData(3);
    const backup = (await newData(1)).path;
    writeFileSync(path, "damaged ".repeat(1000));
    writeFileSync(`${path}-wal`, "old changes");
    expect((await run(["restore", backup], settings)).code).toBe(0);
    expect(accountsIn(path)).toBe(1);
    expect(existsSync(`${path}-wal`)).toBe(false);
    const [kept = ""] = readdirSync(settings.DATA_DIR).filter((name) => name.includes(".before-"));
    expect(readFileSync(join(settings.DATA_DIR, kept), "utf8")).toContain("damaged damaged");
  });
});
