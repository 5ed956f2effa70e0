import { linkSync } from "node:fs";

/** What a file system says that has no hard links: exFAT and FAT, and some of the network and of FUSE. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV", "EINVAL"]);

/**
 * Gives a file a second name, whole or not at all.
 * @returns false where the file system has no hard links, so that nothing was done
 * @throws Error as `linkSync` does, EEXIST among them
 */
export function hardLink(existing: string, path: string): boolean {
  try {
    linkSync(existing, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && NO_LINKS.has(String(error.code))) return false;
    throw error;
  }
}
