import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { IN_USE, STANDALONE, STATIC, WORKSHOP } from "../platform/folders";
import { LIST_FILE } from "../security/passwords/common-passwords/format";

/** What stays of what Next has put there. It copies `.env` files too, and sources that its bundles already contain. */
const KEPT = new Set([IN_USE, "node_modules", "package.json", "server.js"]);

/** What is read at run time and Next knows nothing of. */
const ADDED = ["public", "prisma/migrations", LIST_FILE];

/** Where Next has written down the folder of its build. */
const NAMING = ["server.js", join(IN_USE, "required-server-files.json")];

/**
 * Makes the standalone output of a build whole: `node server.js` in it, or in a copy of it, then serves everything, also what
 * Next leaves for a CDN to serve. Its build is in `.next`, as where `next build` makes one by itself.
 */
export function finishStandalone(root: string, build: string): void {
  const output = join(build, STANDALONE);
  moveBuild(output);
  for (const name of readdirSync(output))
    if (!KEPT.has(name)) rmSync(join(output, name), { recursive: true, force: true });
  cpSync(join(build, STATIC), join(output, IN_USE, STATIC), { recursive: true });
  for (const path of ADDED)
    if (existsSync(join(root, path))) cpSync(join(root, path), join(output, path), { recursive: true });
}

function moveBuild(output: string): void {
  renameSync(join(output, WORKSHOP), join(output, IN_USE));
  for (const file of NAMING.map((name) => join(output, name)))
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(`"./${WORKSHOP}"`, `"./${IN_USE}"`));
  const packages = join(output, IN_USE, "node_modules"); // links, from one folder deeper than they are now
  if (!existsSync(packages)) return;
  for (const entry of readdirSync(packages, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    const target = readlinkSync(link);
    rmSync(link);
    symlinkSync(target.replace("../", ""), link, "junction");
  }
}
