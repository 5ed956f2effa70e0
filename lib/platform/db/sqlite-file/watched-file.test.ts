import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import Database from "libsql";
import { afterEach, describe, expect, it } from "vitest";
import { PrismaClient } from "../../../../prisma/client/sqlite/client";
import { newFolder } from "../../../testing/database";
import { startScript } from "../../../testing/jiti";
import { isDatabaseUnavailable } from "../errors";
import { migrate } from "../migrations/migrate";
import { PrismaSqliteFile } from "./sqlite-file";

const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function openNew(folder = newFolder()) {
  const path = join(folder, "file.db");
  await migrate(`file:${path}`);
  return open(path);
}

function open(path: string) {
  const db = new PrismaClient({ adapter: new PrismaSqliteFile(path) });
  undo.push(() => db.$disconnect());
  const names = async () =>
    (await db.user.findMany({ orderBy: { createdAt: "asc" } })).map((u) => u.username);
  return { path, db, names, add: (name: string) => db.user.create({ data: person(name) }) };
}

function person(name: string) {
  return { username: name, usernameCanonical: name, email: name, emailCanonical: name };
}

async function expectUnavailable(attempt: PromiseLike<unknown>): Promise<void> {
  const error = await attempt.then(
    () => new Error("succeeded"),
    (reason: unknown) => reason,
  );
  expect(isDatabaseUnavailable(error), inspect(error, { depth: 5 })).toBe(true);
}

/** libsql closes a connection once its statements are collected. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 5; round++) {
    collect();
    await new Promise(setImmediate);
  }
}

/** Where the system still has a deleted file that this process has open. */
function deletedFiles(path: string): string[] {
  const open = readdirSync("/proc/self/fd").map((fd) => `/proc/self/fd/${fd}`);
  return open.filter(
    (fd) => lstatSync(fd, { throwIfNoEntry: false }) && readlinkSync(fd) === `${path} (deleted)`,
  );
}

/** A copy of the database as a backup makes it. */
function backUp(path: string): string {
  const copy = `${path}.backup`;
  const other = new Database(path);
  other.exec(`VACUUM INTO '${copy}'`);
  other.close();
  return copy;
}

/** Another process looks who is there, and adds somebody. */
function namesByAnotherProcess(path: string, added: string): string[] {
  const script = `
    const Database = require("libsql");
    const db = new Database(${JSON.stringify(path)});
    console.log(JSON.stringify(db.prepare('SELECT "username" FROM "User"').all().map((row) => row.username)));
    db.prepare('INSERT INTO "User" ("id", "username", "usernameCanonical", "email", "emailCanonical", "updatedAt") VALUES (?, ?, ?, ?, ?, ?)')
      .run(...Array(5).fill(${JSON.stringify(added)}), "2026-01-01T00:00:00.000+00:00");
    db.close();`;
  return JSON.parse(String(execFileSync(process.execPath, ["-e", script])));
}

describe("a database file that is away for a while", () => {
  it("is used as before once it is back, and shares what is written with other processes", async () => {
    const { path, db, names, add } = await openNew();
    await add("before");
    renameSync(path, `${path}.away`);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expectUnavailable(names());
      await expectUnavailable(add("lost"));
      await expectUnavailable(db.$transaction((tx) => tx.user.create({ data: person("lost") })));
    }
    renameSync(`${path}.away`, path);
    expect(await names()).toEqual(["before"]);
    for (const name of ["a", "b"]) {
      await add(`${name} of ours`);
      expect(namesByAnotherProcess(path, `${name} of theirs`)).toContain(`${name} of ours`);
      expect(await names()).toContain(`${name} of theirs`);
      await collectGarbage();
    }
    await add("after");
    expect(namesByAnotherProcess(path, "last")).toHaveLength(6);
    expect(await names()).toHaveLength(7);
    expect(integrityOf(path)).toBe("ok");
  });

  it("has all that was acknowledged where it lies meanwhile", async () => {
    const { path, names, add } = await openNew();
    for (const name of ["a", "b"]) await add(name); // still in the -wal file beside it
    renameSync(path, `${path}.away`);
    await expectUnavailable(names());
    copyFileSync(`${path}.away`, `${path}.copy`);
    expect(namesByAnotherProcess(`${path}.copy`, "c")).toEqual(["a", "b"]);
  });
});

describe("a database file that is deleted while it is open", () => {
  it("takes no write that would be lost and answers no read, and no empty one is made in its place", async () => {
    const { path, db, names, add } = await openNew();
    await add("before");
    rmSync(path);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expectUnavailable(add("lost"));
      await expectUnavailable(names());
      await expectUnavailable(db.$transaction((tx) => tx.user.create({ data: person("lost") })));
    }
    expect(existsSync(path)).toBe(false);
  });

  it("is used again once it has been restored, with what the backup had", async () => {
    const { path, names, add } = await openNew();
    await add("before");
    const backup = backUp(path);
    await add("since");
    rmSync(path);
    await expectUnavailable(names());
    copyFileSync(backup, path);
    expect(await names()).toEqual(["before"]);
    await add("after");
    expect(await names()).toEqual(["before", "after"]);
    expect(integrityOf(path)).toBe("ok");
  });

  it.runIf(process.platform === "linux")(
    "can be copied from /proc, with all that was acknowledged, and is used again then",
    async () => {
      const { path, names, add } = await openNew();
      for (const name of ["a", "b"]) await add(name); // still in the -wal file beside it
      rmSync(path);
      for (let attempt = 0; attempt < 2; attempt++) await expectUnavailable(names());
      await collectGarbage();
      const [lost = ""] = deletedFiles(path);
      copyFileSync(lost, `${path}.found`);
      renameSync(`${path}.found`, path);
      expect(await names()).toEqual(["a", "b"]);
      await add("c");
      expect(await names()).toEqual(["a", "b", "c"]);
      expect(integrityOf(path)).toBe("ok");
    },
  );

  it("refuses a transaction that was under way, which would be lost", async () => {
    const { path, db, names } = await openNew();
    const backup = backUp(path);
    const transaction = db.$transaction(async (tx) => {
      await tx.user.create({ data: person("lost") });
      rmSync(path);
      await tx.user.count();
    });
    await expectUnavailable(transaction);
    copyFileSync(backup, path);
    expect(await names()).toEqual([]);
  });
});

describe("a database file that is replaced while it is open", () => {
  it("by another of this app is read from then on, and what was not yet in the old one does not get into it", async () => {
    const { path, names, add } = await openNew();
    const backup = backUp(path);
    for (const name of ["a", "b", "c"]) await add(name); // still in the -wal file beside it
    renameSync(path, `${path}.old`);
    renameSync(backup, path);
    expect(await names()).toEqual([]);
    await add("new");
    expect(await names()).toEqual(["new"]);
    expect(integrityOf(path)).toBe("ok");
    expect(integrityOf(`${path}.old`)).toBe("ok");
    expect(namesIn(`${path}.old`)).toEqual(["a", "b", "c"]);
  });

  it("is not used beside the changes of the old one, which somebody reads, and is when they are where they belong", async () => {
    const { path, names, add } = await openNew();
    const backup = backUp(path);
    const other = new Database(path);
    other.exec('BEGIN; SELECT count(*) FROM "User"');
    for (const name of ["a", "b"]) await add(name);
    renameSync(path, `${path}.old`);
    renameSync(backup, path);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expectUnavailable(names());
      await expectUnavailable(add("lost"));
    }
    other.close();
    expect(await names()).toEqual([]);
    await add("new");
    expect(await names()).toEqual(["new"]);
    for (const file of [path, `${path}.old`]) expect(integrityOf(file)).toBe("ok");
    expect(namesIn(`${path}.old`)).toEqual(["a", "b"]);
  });

  it("gets nothing of what somebody writes to the old one since", async () => {
    const { path, names, add } = await openNew();
    const backup = backUp(path);
    await add("a");
    const other = new Database(path);
    other.exec('SELECT count(*) FROM "User"');
    renameSync(path, `${path}.old`);
    await expectUnavailable(names()); // closed, and the other has it open
    other.exec(`UPDATE "User" SET name = 'x'`);
    renameSync(backup, path);
    expect(await names()).toEqual([]);
    await add("new");
    other.close();
    expect(await names()).toEqual(["new"]);
    expect(integrityOf(path)).toBe("ok");
  });

  it("keeps what one process writes to it, when another one that has the old one open hears of it later", async () => {
    const { path, names, add } = await openNew();
    const backup = backUp(path);
    await add("a");
    const other = startScript("list-users.ts", [path]);
    if (!other.stdout) throw new Error("no output");
    const lines = createInterface({ input: other.stdout })[Symbol.asyncIterator]();
    const namesThere = async () => {
      other.stdin?.write("again\n");
      return (await lines.next()).value;
    };
    expect(await namesThere()).toBe("a");
    renameSync(path, `${path}.old`);
    renameSync(backup, path);
    for (const name of ["b", "c"]) await add(name);
    expect(await namesThere()).toBe("b c");
    await add("d");
    expect(await namesThere()).toBe("b c d");
    other.stdin?.end();
    await once(other, "exit");
    for (const read of [names, open(path).names]) expect(await read()).toEqual(["b", "c", "d"]);
    expect(namesIn(`${path}.old`)).toEqual(["a"]);
    for (const file of [path, `${path}.old`]) expect(integrityOf(file)).toBe("ok");
  });

  it.each([
    ["an empty file", (path: string) => writeFileSync(path, "")],
    ["something else", (path: string) => writeFileSync(path, "a poem\n".repeat(1000))],
    [
      "a database of another app",
      (path: string) => {
        const other = new Database(path);
        other.exec('CREATE TABLE "User" (id TEXT)');
        other.close();
      },
    ],
  ])("by %s is not used, and the old one is when it comes back", async (_, replace) => {
    const { path, names, add } = await openNew();
    await add("kept");
    renameSync(path, `${path}.away`);
    replace(path);
    await expectUnavailable(names());
    await expectUnavailable(add("lost"));
    rmSync(path);
    renameSync(`${path}.away`, path);
    expect(await names()).toEqual(["kept"]);
    await add("after");
    expect(await names()).toEqual(["kept", "after"]);
  });
});

describe("a folder", () => {
  it("that cannot be looked into makes the file unavailable, until it can", async () => {
    const real = newFolder();
    const { path } = await openNew(real);
    const view = `${real}.view`;
    symlinkSync(real, view);
    undo.push(() => rmSync(view));
    const { names, add } = open(path.replace(real, view));
    await add("kept");
    rmSync(view);
    symlinkSync(view, view); // a loop
    await expectUnavailable(names());
    rmSync(view);
    symlinkSync(real, view);
    expect(await names()).toEqual(["kept"]);
  });
});

/** A small disk of its own in memory, which this machine lets us make; null where it does not. */
function smallDisk(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return null;
  const folder = join(newFolder(), "disk");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return null;
  }
  undo.push(() => execFileSync("umount", ["-l", folder]));
  return folder;
}

describe("a disk", () => {
  it("that is full makes writes fail and not reads, until there is room", async ({ skip }) => {
    const disk = smallDisk() ?? skip("mounting takes root");
    const { names, add } = await openNew(disk);
    await add("before");
    const filler = join(disk, "filler");
    try {
      writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024));
    } catch {
      // as much as there was room for
    }
    await expectUnavailable(add("refused"));
    expect(await names()).toEqual(["before"]);
    rmSync(filler);
    await add("after");
    expect(await names()).toEqual(["before", "after"]);
  });

  it("that only reads makes writes fail, until it can be written to again", async ({ skip }) => {
    const disk = smallDisk() ?? skip("mounting takes root");
    await migrate(`file:${join(disk, "file.db")}`);
    const view = newFolder();
    execFileSync("mount", ["--bind", disk, view]);
    undo.push(() => execFileSync("umount", ["-l", view]));
    const remount = (how: string) => execFileSync("mount", ["-o", `remount,bind,${how}`, view]);
    remount("ro");
    const { names, add } = open(join(view, "file.db"));
    await expectUnavailable(add("refused"));
    await expectUnavailable(add("refused again"));
    remount("rw");
    await add("after");
    expect(await names()).toEqual(["after"]);
  });
});

function namesIn(path: string): unknown[] {
  const other = new Database(path);
  const names = other.prepare('SELECT username FROM "User" ORDER BY createdAt').raw().all().flat();
  other.close();
  return names;
}

function integrityOf(path: string): unknown {
  const other = new Database(path);
  const [result] = other.prepare("PRAGMA integrity_check").raw().all().flat();
  other.close();
  return result;
}
