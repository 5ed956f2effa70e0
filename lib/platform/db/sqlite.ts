import { PrismaClient } from "../../../prisma/client/sqlite/client";
import { clientOptions } from "./client-options";
import { PrismaSqliteFile } from "./sqlite-file/sqlite-file";

/** The client for the SQLite file at `path`, which is opened at the first query. */
export function openSqlite(path: string) {
  return new PrismaClient({
    adapter: new PrismaSqliteFile(path),
    ...clientOptions,
  });
}
