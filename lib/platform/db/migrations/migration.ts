import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The database is not in the shape this code needs, and starting would make it worse. The message is one sentence. */
export class MigrationError extends Error {
  override name = "MigrationError";
}

export interface Migration {
  /** The folder's name: a timestamp and a word. */
  name: string;
  sql: string;
  /** SHA-256 of the file in hex: Prisma's own rule, so that its tools agree. */
  checksum: string;
}

/** Asks either database for its {@link MigrationRow}s. */
export const SELECT_MIGRATIONS =
  "SELECT migration_name, checksum, finished_at, rolled_back_at FROM _prisma_migrations ORDER BY started_at";

/** A row of `_prisma_migrations`, in the order of starting. */
export interface MigrationRow {
  migration_name: string;
  checksum: string;
  /** Null: it was started and never got to its end. */
  finished_at: unknown;
  /** Set: someone undid it by hand, so it counts as never run. */
  rolled_back_at: unknown;
}

/** Prisma's migrations in `folder`, oldest first. */
export function readMigrations(folder: string): Migration[] {
  if (!existsSync(folder))
    throw new MigrationError(`The migrations are missing: there is no folder ${folder}.`);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const path = join(folder, name, "migration.sql");
      if (!existsSync(path)) throw new MigrationError(`Migration "${name}" has no migration.sql.`);
      const bytes = readFileSync(path);
      return {
        name,
        sql: bytes.toString("utf8"),
        checksum: createHash("sha256").update(bytes).digest("hex"),
      };
    });
}

/**
 * The migration to apply next; undefined when the database has them all. Migrations known to the database alone are
 * left in peace: that is a newer release's database under an older one, as after a deployment was taken back.
 *
 * @throws MigrationError when one was left unfinished, or has been edited since it was applied
 */
export function nextMigration(migrations: Migration[], rows: MigrationRow[]): Migration | undefined {
  const standing = rows.filter((row) => row.rolled_back_at === null);
  const unfinished = standing.find((row) => row.finished_at === null);
  if (unfinished)
    throw new MigrationError(
      `Migration "${unfinished.migration_name}" was started on this database and never finished: ` +
        "undo by hand what it did, set its rolled_back_at in _prisma_migrations, and start again.",
    );

  const applied = new Map(standing.map((row) => [row.migration_name, row.checksum]));
  for (const { name, checksum } of migrations)
    if (applied.has(name) && applied.get(name) !== checksum)
      throw new MigrationError(
        `Migration "${name}" was edited after it was applied to this database: ` +
          "restore its migration.sql and put the change into a new migration.",
      );

  return migrations.find(({ name }) => !applied.has(name));
}

/** Thrown when a migration ended the transaction around it: the promise "whole or not at all" is then broken. */
export function endedTransaction(name: string): MigrationError {
  return new MigrationError(
    `Migration "${name}" contains COMMIT or ROLLBACK, so part of it may be in the database now: undo that by hand and take the word out.`,
  );
}

/** What went wrong in a few words: some network errors have a code and no message. */
export function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: unknown; code?: unknown };
  return String(message || code || error);
}
