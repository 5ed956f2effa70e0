import { randomUUID } from "node:crypto";
import { afterAll, inject } from "vitest";
import { closeDatabase, newFolder } from "./database";
import { createDatabase } from "./postgres";

// Runs before each test file and before anything of ours is imported, so that env() reads this.
process.env.DATA_DIR = newFolder();
process.env.AUTH_SECRET = "a secret for tests, and for nothing else at all";
process.env.DATABASE_URL = await createDatabase(
  inject("postgresUrl"),
  `test_${randomUUID()}`,
  inject("postgresTemplate"),
);

afterAll(closeDatabase);
