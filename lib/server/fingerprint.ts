import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What a build is made of. Anything else may change without a new one. */
const INPUTS = [
  "app",
  "components",
  "instrumentation.ts",
  "lib",
  "middleware.ts",
  "next.config.mjs",
  "package-lock.json",
  "postcss.config.mjs",
  "prisma/migrations",
  "prisma/schema.prisma",
  "public",
  "tsconfig.json",
];

/** Of these there may be none. */
const OPTIONAL = new Set(["public"]);

/** Nothing of this gets into a build: tests, commands, what is for the operator to read, and what editors leave behind. */
const IGNORED = [
  /\.test\.tsx?$/,
  /^lib\/(testing|cli)\//,
  /\.(conf|md)$/,
  /(^|\/)\.(?!well-known$|well-known\/)|~$/,
];

/**
 * SHA-256 over the names and contents of what a build is made of: unlike times, it survives a checkout, a copy and a clock
 * that is off.
 * @throws Error when one of the inputs is not there: it has moved, and changes to it would go unseen
 */
export function fingerprintOf(root: string, inputs = INPUTS): string {
  const hash = createHash("sha256");
  for (const input of inputs) {
    if (existsSync(join(root, input))) for (const path of filesOf(root, input)) add(path);
    else if (!OPTIONAL.has(input)) throw new Error(`The fingerprint's ${input} is not there.`);
  }
  return hash.digest("hex");

  function add(path: string): void {
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(root, path)))
      .update("\0");
  }
}

/** The files at or below `path` that count, in an order that is the same everywhere, with "/" between names. */
function filesOf(root: string, path: string): string[] {
  if (IGNORED.some((pattern) => pattern.test(path))) return [];
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesOf(root, `${path}/${name}`));
}
