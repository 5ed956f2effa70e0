import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** The builds, each in a folder of its own, from the checkout's root. */
export const BUILDS = ".builds";

/** Where Next makes a build before that gets its number. */
export const WORKSHOP = join(BUILDS, "new");

/** The link to the build in use; in the standalone output the build itself. */
export const IN_USE = ".next";

/** In a build, what browsers fetch. */
export const STATIC = "static";

/** In a build, the output that needs no node_modules. */
export const STANDALONE = "standalone";

/**
 * The folder of the code that runs, with `prisma/migrations` in it: the checkout, or the standalone output. Every way of
 * starting changes into it first: `npm start`, the commands, next.config.mjs and the standalone server.js.
 */
export function codeFolder(): string {
  return process.cwd();
}

/**
 * The folder that relative settings (`DATA_DIR=.data`, `DATABASE_URL=file:…`) start from, and that `.env` lies in. It is
 * the folder of the code, except for a standalone output that still lies in its checkout: it goes with its build, and the
 * data of the checkout's other servers is beside its package.json.
 */
export function settingsFolder(code = codeFolder()): string {
  const build = dirname(code);
  const isNextsOwn = basename(build) === IN_USE; // by `next build` itself
  if (basename(code) !== STANDALONE || !(isNextsOwn || basename(dirname(build)) === BUILDS)) return code;
  const checkout = isNextsOwn ? dirname(build) : resolve(build, "../..");
  return existsSync(join(checkout, "package.json")) ? checkout : code;
}
