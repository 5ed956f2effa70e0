import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { cleanUpAfterMe } from "./watchdog";

declare module "vitest" {
  interface ProvidedContext {
    /** Everything the tests of one project write lies below this folder, which goes when the run ends. */
    testFolder: string;
    /** What the processes of all projects have hashed already. */
    hashFolder: string;
  }
}

/** Runs once for each project, around its tests. */
export default function makeFolder(project: TestProject): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-test-"));
  project.provide("testFolder", folder);
  process.env.TEST_HASHES ??= join(folder, "hashes");
  mkdirSync(process.env.TEST_HASHES, { recursive: true });
  project.provide("hashFolder", process.env.TEST_HASHES);
  process.env.JITI_FS_CACHE ??= join(folder, "jiti"); // as `e2e/run.ts` does for the whole proof
  return cleanUpAfterMe({ folder });
}
