import { fileURLToPath } from "node:url";
import { sqlitePath } from "../url";
import { migratePostgres } from "./migrate-postgres";
import { migrateSqlite } from "./migrate-sqlite";
import { readMigrations } from "./migration";

export { MigrationError } from "./migration";

const MIGRATIONS = fileURLToPath(new URL("../../../../prisma/migrations", import.meta.url));

/**
 * Brings the database up to this code, in Prisma's own table and format, without Prisma. Each migration is applied
 * whole or not at all, and once, however many processes start at the same time: the others wait, then find it done.
 *
 * @param folder holds a folder of migrations for each provider
 * @returns the names applied here, oldest first
 * @throws MigrationError when the database cannot be reached or opened, when a migration fails, was left unfinished or
 *   was edited after it was applied
 */
export async function migrate(databaseUrl: string, folder = MIGRATIONS): Promise<string[]> {
  const path = sqlitePath(databaseUrl);
  return path === null
    ? await migratePostgres(databaseUrl, readMigrations(`${folder}/postgres`))
    : await migrateSqlite(path, readMigrations(`${folder}/sqlite`));
}
