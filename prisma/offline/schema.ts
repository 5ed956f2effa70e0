import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Both databases the one model file serves. */
export const providers = ["sqlite", "postgres"] as const;

export type Provider = (typeof providers)[number];

/** Absolute path of a file or folder in prisma/. */
export function inPrisma(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Where schema.prisma and its PostgreSQL twin lie. */
export const schemaPaths: Record<Provider, string> = {
  sqlite: inPrisma("schema.prisma"),
  postgres: inPrisma("postgres/schema.prisma"),
};

/**
 * The Prisma schema for one database. The twin differs in two lines: the provider, and where its client goes.
 * @throws Error when schema.prisma no longer has those lines in the form expected here
 */
export function schemaFor(provider: Provider): string {
  const schema = readFileSync(schemaPaths.sqlite, "utf8");
  if (provider === "sqlite") return schema;
  return swap(
    swap(schema, 'provider = "sqlite"', 'provider = "postgresql"'),
    '"./client/sqlite"',
    '"../client/postgres"',
  );
}

function swap(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`schema.prisma must contain ${from} exactly once.`);
  return text.replace(from, to);
}
