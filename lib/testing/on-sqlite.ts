import { join } from "node:path";
import { afterAll } from "vitest";
import { migrate } from "../platform/db/migrations/migrate";
import { closeDatabase, newFolder } from "./database";

// Runs before each test file and before anything of ours is imported, so that env() reads this.
process.env.DATA_DIR = newFolder();
process.env.AUTH_SECRET = "a secret for tests, and for nothing else at all";
process.env.DATABASE_URL = `file:${join(process.env.DATA_DIR, "latchkey.db")}`;
await migrate(process.env.DATABASE_URL);

afterAll(closeDatabase);
