import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { STANDALONE } from "../platform/folders";

/**
 * Makes Next's standalone output whole: `node server.js` in it, or in a copy of it, then serves everything. Next leaves
 * out what a CDN could serve, knows nothing of our migrations, and copies `.env` files in.
 */
export function finishStandalone(root: string): void {
  const output = join(root, STANDALONE);
  for (const folder of [".next/static", "public", "prisma/migrations"])
    if (existsSync(join(root, folder))) cpSync(join(root, folder), join(output, folder), { recursive: true });
  for (const name of readdirSync(output)) if (name.startsWith(".env")) rmSync(join(output, name));
}
