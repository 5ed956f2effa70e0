import { join } from "node:path";
import { codeFolder } from "../../folders";
import { sqlitePath } from "../url";
import { migratePostgres } from "./migrate-postgres";
import { migrateSqlite } from "./migrate-sqlite";
import { readMigrations } from "./migration";

export { MigrationError } from "./migration";

/** How to wait for a server that does not take connections yet, as while a machine starts. */
export interface Patience {
  /** How long, in milliseconds. */
  ms: number;
  /** Told once, in a sentence, what is waited for. */
  onWait(what: string): void;
}

/**
 * Brings the database up to this code, in Prisma's own table and format, without Prisma. Each migration is applied
 * whole or not at all, and once, however many processes start at the same time: the others wait, then find it done.
 *
 * @param folder holds a folder of migrations for each provider
 * @param patience where a PostgreSQL server that is down is waited for; by itself it is tried once
 * @returns the names applied here, oldest first
 * @throws MigrationError when the database cannot be reached or opened, when a migration fails, was left unfinished or
 *   was edited after it was applied
 */
export async function migrate(
  databaseUrl: string,
  folder = shippedMigrations(),
  patience?: Patience,
): Promise<string[]> {
  const path = sqlitePath(databaseUrl);
  return path === null
    ? await migratePostgres(databaseUrl, readMigrations(`${folder}/postgres`), patience)
    : await migrateSqlite(path, readMigrations(`${folder}/sqlite`));
}

/** Those that came with the code. The bundler is told to leave it alone: it would take the whole folder for a module. */
export function shippedMigrations(): string {
  return join(/* turbopackIgnore: true */ codeFolder(), "prisma", "migrations");
}
