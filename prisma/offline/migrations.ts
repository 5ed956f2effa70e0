/**
 * Writes and checks migrations, offline and for both databases at once:
 *
 *     jiti prisma/offline/migrations.ts new <name>   after a change to schema.prisma
 *     jiti prisma/offline/migrations.ts check        exits 1 when schema.prisma has changes that no migration carries
 *
 * Beside the migrations of each database lies the schema they lead to (schema.snapshot.prisma); the next migration is
 * the difference between it and schema.prisma.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { diffSchemas } from "./diff";
import { inPrisma, type Provider, providers, schemaFor } from "./schema";

const MIGRATIONS = inPrisma("migrations");

/** Prisma's own name for the dialect, which its CLI expects in migration_lock.toml. */
const DIALECT: Record<Provider, string> = { sqlite: "sqlite", postgres: "postgresql" };

/**
 * The SQL that takes the database from its latest migration to `schema`.
 *
 * @param folder holds a folder of migrations for each provider
 * @returns null when the migrations carry everything
 */
export async function pendingSql(
  provider: Provider,
  schema = schemaFor(provider),
  folder = MIGRATIONS,
): Promise<string | null> {
  const path = snapshotPath(folder, provider);
  const sql = await diffSchemas(provider, existsSync(path) ? readFileSync(path, "utf8") : null, schema);
  // A role without CREATE on the database may not say this, though the schema is there from the start.
  return sql?.replace(/-- CreateSchema\nCREATE SCHEMA IF NOT EXISTS "public";\n+/, "") ?? null;
}

/**
 * Writes the migration `name` for every provider that needs one.
 * @returns the folders written; empty: there was nothing to migrate
 */
export async function writeMigration(name: string, folder = MIGRATIONS): Promise<string[]> {
  const timestamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const written: string[] = [];
  for (const provider of providers) {
    const sql = await pendingSql(provider, undefined, folder);
    if (sql === null) continue;
    const migration = join(folder, provider, `${timestamp}_${name}`);
    mkdirSync(migration, { recursive: true });
    writeFileSync(join(migration, "migration.sql"), sql);
    writeFileSync(join(folder, provider, "migration_lock.toml"), `provider = "${DIALECT[provider]}"\n`);
    writeFileSync(snapshotPath(folder, provider), schemaFor(provider));
    written.push(migration);
  }
  return written;
}

function snapshotPath(folder: string, provider: Provider): string {
  return join(folder, provider, "schema.snapshot.prisma");
}

async function runNew(name: string | undefined): Promise<void> {
  if (!name || !/^[a-z0-9_]+$/.test(name))
    throw new Error("Name the migration in lower case: npm run db:new add_avatar");
  const written = await writeMigration(name);
  console.log(written.length > 0 ? `Wrote, for you to read:\n${written.join("\n")}` : "Nothing to migrate.");
}

async function runCheck(): Promise<void> {
  for (const provider of providers) {
    const sql = await pendingSql(provider);
    if (sql !== null)
      throw new Error(`No ${provider} migration carries these changes; run npm run db:new <name>:\n\n${sql}`);
  }
  console.log("The migrations lead to schema.prisma.");
}

if (process.argv[1] === import.meta.filename) {
  const [command, name] = process.argv.slice(2);
  try {
    if (command === "new") await runNew(name);
    else if (command === "check") await runCheck();
    else throw new Error("Usage: jiti prisma/offline/migrations.ts new <name> | check");
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
