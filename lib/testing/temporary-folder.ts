import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder that nobody else uses. Whoever asks for it removes it; `npm test` sweeps up after those that died. */
export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `latchkey-${name}-`));
}

export function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}
