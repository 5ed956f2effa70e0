import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { STANDALONE } from "../platform/folders";
import { LIST_FILE } from "../security/passwords/common-passwords/format";

/** What stays of what Next has put there. It copies `.env` files too, and sources that its bundles already contain. */
const KEPT = new Set([".next", "node_modules", "package.json", "server.js"]);

/** What Next leaves for a CDN to serve, and what is read at run time and it knows nothing of. */
const ADDED = [".next/static", "public", "prisma/migrations", LIST_FILE];

/** Makes Next's standalone output whole: `node server.js` in it, or in a copy of it, then serves everything. */
export function finishStandalone(root: string): void {
  const output = join(root, STANDALONE);
  for (const name of readdirSync(output))
    if (!KEPT.has(name)) rmSync(join(output, name), { recursive: true, force: true });
  for (const path of ADDED)
    if (existsSync(join(root, path))) cpSync(join(root, path), join(output, path), { recursive: true });
}
