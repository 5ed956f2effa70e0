import { fileURLToPath } from "node:url";
import { defineConfig } from "prisma/config";

// Prisma looks for its engine only after this file has run, so no download is ever tried. `??=`: a real one may be given.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL("offline/no-engine.mjs", import.meta.url));

export default defineConfig({
  schema: "schema.prisma",
  migrations: { path: "migrations/sqlite" },
  // Never opened; without it Prisma would ask for one before it could say what no-engine.mjs says.
  datasource: { url: "file:nowhere.db" },
});
