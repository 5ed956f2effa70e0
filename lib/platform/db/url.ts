import { fileURLToPath } from "node:url";

/** The file behind `file:/absolute/path` or `file:///absolute/path`; null: the URL names a PostgreSQL server. */
export function sqlitePath(databaseUrl: string): string | null {
  if (databaseUrl.startsWith("file://")) return fileURLToPath(databaseUrl);
  if (databaseUrl.startsWith("file:")) return databaseUrl.slice("file:".length);
  return null;
}
