import { cpSync, existsSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { BUILDS, IN_USE, STANDALONE, STATIC, WORKSHOP } from "../platform/folders";
import { LIST_FILE } from "../security/passwords/common-passwords/format";

/** What stays of what Next has put there. It copies `.env` files too, and sources that its bundles already contain. */
const KEPT = new Set([BUILDS, "node_modules", "package.json", "server.js"]);

/** What is read at run time and Next knows nothing of. */
const ADDED = ["public", "prisma/migrations", LIST_FILE];

/**
 * Makes the standalone output of a build whole: `node server.js` in it, or in a copy of it, then serves everything, also what
 * Next leaves for a CDN to serve. As in the checkout, `.next` leads to the build.
 */
export function finishStandalone(root: string, build: string): void {
  const output = join(build, STANDALONE);
  for (const name of readdirSync(output))
    if (!KEPT.has(name)) rmSync(join(output, name), { recursive: true, force: true });
  cpSync(join(build, STATIC), join(output, WORKSHOP, STATIC), { recursive: true });
  symlinkSync(WORKSHOP, join(output, IN_USE), "junction");
  for (const path of ADDED)
    if (existsSync(join(root, path))) cpSync(join(root, path), join(output, path), { recursive: true });
}
