import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { exclusively } from "./build-lock";

const newFolder = () => mkdtempSync(join(inject("testFolder"), "lock-"));
const LIBSQL = createRequire(import.meta.url).resolve("libsql");

/** Another process that has the lock until it ends. */
async function startHolder(file: string) {
  const script = join(newFolder(), "holder.cjs");
  writeFileSync(
    script,
    `const lock = new (require(${JSON.stringify(LIBSQL)}))(process.argv[2], { timeout: 0 });
     lock.exec("BEGIN EXCLUSIVE");
     process.send("locked");
     setInterval(() => lock, 1000);`,
  );
  const child = fork(script, [file]);
  await once(child, "message");
  return child;
}

describe("exclusively", () => {
  it("lets one after another work, and answers what the work answers", async () => {
    const file = join(newFolder(), "made", "lock");
    let atWork = 0;
    const work = async () => {
      expect(++atWork).toBe(1);
      await sleep(20);
      return atWork--;
    };
    expect(await Promise.all([1, 2, 3].map(() => exclusively(file, work)))).toEqual([1, 1, 1]);
  });

  it("is free again after work that failed", async () => {
    const file = join(newFolder(), "lock");
    await expect(exclusively(file, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await exclusively(file, async () => "done")).toBe("done");
  });

  it("waits for another process, says so once, and goes on when that one is killed", async () => {
    const file = join(newFolder(), "lock");
    const holder = await startHolder(file);
    writeFileSync(`${file}.pid`, "4321");
    const waits: (number | null)[] = [];
    const done = exclusively(file, async () => "done", { onWait: (pid) => waits.push(pid) });
    await sleep(50);
    holder.kill("SIGKILL");
    expect(await done).toBe("done");
    expect(waits).toEqual([4321]);
  });

  it("does not wait when the file is left behind, whatever process it names", async () => {
    const file = join(newFolder(), "lock");
    writeFileSync(file, "1\n");
    writeFileSync(`${file}.pid`, String(process.pid));
    expect(await exclusively(file, async () => "done", { waitMs: 0 })).toBe("done");
  });

  it("does not wait for ever", async () => {
    const file = join(newFolder(), "lock");
    const holder = await startHolder(file);
    const refused = exclusively(file, async () => "done", { waitMs: 10 });
    await expect(refused).rejects.toThrow(/^Another build \(pid unknown\) has not ended/);
    holder.kill("SIGKILL");
  });

  it("says in one sentence where the lock cannot be written", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "folder"));
    for (const file of [join(folder, "file", "lock"), join(folder, "folder")])
      await expect(exclusively(file, async () => "done")).rejects.toMatchObject({
        name: "ConfigurationError",
        message: expect.stringMatching(/cannot be written to \(E\w+\)/),
      });
  });
});
