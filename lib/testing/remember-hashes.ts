import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { type HashPool, hashPool, type Job } from "../security/passwords/pool";

// Runs before each test file that touches the database. A run works out each hash once, however many tests, files and
// processes ask for the same: verbs hash and compare a few passwords all the time, and each time takes a quarter of a second
// on purpose.

type Run = (job: Job) => Promise<string | boolean>;

const folder = inject("hashFolder");

async function readOr(key: string, workOut: () => Promise<string | boolean>): Promise<string | boolean> {
  const path = join(folder, createHash("sha256").update(key).digest("hex"));
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as string | boolean;
  const result = await workOut();
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(result));
  renameSync(draft, path);
  return result;
}

const pool: HashPool & { remembers?: true } = hashPool();
if (!pool.remembers) {
  const hash = pool.run.bind(pool) as Run;
  const known = new Map<string, Promise<string | boolean>>();
  const hashOnce: Run = (job) => {
    const key = JSON.stringify(job);
    const result = known.get(key) ?? readOr(key, () => hash(job));
    known.set(key, result);
    return result;
  };
  Object.assign(pool, { run: hashOnce, remembers: true });
}
