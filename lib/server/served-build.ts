import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import Database from "libsql";
import { BUILDS, codeFolder, IN_USE } from "../platform/folders";
import { SECOND_MS } from "../shared/units";

/** The name of a build's folder. */
export const BUILD_NAME = /^\d+$/;

/** Empty; every server that runs from the build shares a lock on it. */
export const SERVED = "latchkey-served";

/** The folder of the build that this process serves, from the root: next.config.mjs has noted it. */
export function servedBuild(): string {
  return process.env.LATCHKEY_BUILD_DIR ?? IN_USE;
}

/** A lock lasts as long as its connection, which nothing else here refers to. */
const shared = globalThis as { latchkeyServed?: Database.Database };

/**
 * Notes that this process runs from its build, so that none made meanwhile removes that. It is a lock of the operating
 * system, so it ends with the process, however that ends, and nothing is written: the checkout may be read-only. Without
 * effect in development, in a copy of the standalone output, and where the file system has no locks.
 */
export function holdServedBuild(root = codeFolder()): void {
  try {
    const build = numberedBuild(realpathSync(/* turbopackIgnore: true */ join(root, servedBuild())));
    if (build !== null) shared.latchkeyServed ??= share(join(build, SERVED));
  } catch {
    // A server serves without it.
  }
}

/** The build that a folder is, or is in, as the standalone output is; null: in none of ours. */
function numberedBuild(folder: string): string | null {
  const parent = dirname(folder);
  if (parent === folder) return null;
  return basename(parent) === BUILDS && BUILD_NAME.test(basename(folder)) ? folder : numberedBuild(parent);
}

/** How long to wait while another process looks whether the build is served, in milliseconds: that takes far less. */
const LOOK_WAIT_MS = SECOND_MS;

/** A read transaction, which begins with the first read. */
function share(file: string): Database.Database {
  const lock = new Database(file, { timeout: LOOK_WAIT_MS });
  try {
    lock.exec("BEGIN; SELECT count(*) FROM sqlite_master");
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}
