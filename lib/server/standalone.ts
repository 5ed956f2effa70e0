import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { STANDALONE } from "../platform/folders";

/** What stays of what Next has put there. It copies `.env` files too, and sources that its bundles already contain. */
const KEPT = new Set([".next", "node_modules", "package.json", "server.js"]);

/** What Next leaves for a CDN to serve, and the migrations, which it knows nothing of. */
const ADDED = [".next/static", "public", "prisma/migrations"];

/** Makes Next's standalone output whole: `node server.js` in it, or in a copy of it, then serves everything. */
export function finishStandalone(root: string): void {
  const output = join(root, STANDALONE);
  for (const name of readdirSync(output))
    if (!KEPT.has(name)) rmSync(join(output, name), { recursive: true, force: true });
  for (const folder of ADDED)
    if (existsSync(join(root, folder))) cpSync(join(root, folder), join(output, folder), { recursive: true });
}
