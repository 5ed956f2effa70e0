import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Everything the tests write lies below this folder, which goes when the run ends. */
    testFolder: string;
  }
}

/** Runs once, around all tests. */
export default function makeFolder(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-test-"));
  project.provide("testFolder", folder);
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
