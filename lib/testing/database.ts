import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import type { Db } from "../platform/db";
import { sqlitePath } from "../platform/db/url";
import { createDatabase } from "./postgres";

/** A folder of the test's own; the end of the run removes it. */
export function newFolder(): string {
  return mkdtempSync(join(inject("testFolder"), "t-"));
}

/** Which database this file is being run on. */
export function runsOn(): "sqlite" | "postgres" {
  return sqlitePath(process.env.DATABASE_URL ?? "") === null ? "postgres" : "sqlite";
}

/** The URL of another, empty database of the same kind. */
export async function emptyDatabase(): Promise<string> {
  return runsOn() === "sqlite"
    ? `file:${join(newFolder(), "empty.db")}`
    : await createDatabase(inject("postgresUrl"), `empty_${randomUUID()}`);
}

/** Closes the client if this file has used one. */
export async function closeDatabase(): Promise<void> {
  const { latchkeyDb } = globalThis as { latchkeyDb?: Promise<Db> };
  await (await latchkeyDb)?.$disconnect();
}
