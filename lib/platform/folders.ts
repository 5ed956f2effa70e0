import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where `next build` puts the output that needs no node_modules, from the checkout's root. */
export const STANDALONE = join(".next", "standalone");

/**
 * The folder of the code that runs, with `prisma/migrations` in it: the checkout, or the standalone output. Every way of
 * starting changes into it first: `npm start`, the commands, next.config.mjs and the standalone server.js.
 */
export function codeFolder(): string {
  return process.cwd();
}

/**
 * The folder that relative settings (`DATA_DIR=.data`, `DATABASE_URL=file:…`) start from, and that `.env` lies in. It is
 * the folder of the code, except for a standalone output that still lies in its checkout: the next build empties that
 * folder, and the data of the checkout's other servers is beside its package.json.
 */
export function settingsFolder(code = codeFolder()): string {
  const checkout = resolve(code, "../..");
  const isInCheckout = code === join(checkout, STANDALONE) && existsSync(join(checkout, "package.json"));
  return isInCheckout ? checkout : code;
}
