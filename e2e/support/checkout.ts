import { spawn } from "node:child_process";
import { cpSync, linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What a checkout has beside its code, and a copy does without. */
const LEFT_OUT = new Set([".git", ".next", ".builds", ".data", ".env", "node_modules", "e2e"]);

const BUILD_CACHE = ".builds/new/cache/turbopack";

/** Copies this code and its build to `folder`, with the packages it needs, as an app that builds on it has them. */
export function copyCheckout(folder: string): void {
  copySources(folder);
  const build = readlinkSync(join(ROOT, ".next"));
  const standalone = join(ROOT, build, "standalone"); // half of it, and nobody starts the one of this build
  const filter = (path: string) => path !== standalone;
  cpSync(join(ROOT, build), join(folder, build), { recursive: true, verbatimSymlinks: true, filter });
  symlinkSync(build, join(folder, ".next"));
  // The last build's cache, as a developer has it: with it the next build takes half the time.
  cpSync(join(ROOT, BUILD_CACHE), join(folder, BUILD_CACHE), { recursive: true });
}

/** Copies this code alone to `folder`, with the packages it needs. */
export function copySources(folder: string): void {
  for (const name of readdirSync(ROOT))
    if (!LEFT_OUT.has(name)) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  linkFolder(join(ROOT, "node_modules"), join(folder, "node_modules"));
}

/** Builds a copy. @throws Error with what was printed when it fails */
export async function buildCheckout(folder: string): Promise<void> {
  const child = spawn(process.execPath, ["lib/cli/run.mjs", "build"], {
    cwd: folder,
    env: { ...process.env, TURBO_ENGINE_READ_ONLY: "1" }, // to write a cache that nobody reads took a fifth of the build
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Stories beside this one hash passwords, which the app does at the lowest priority: they would wait for all of this.
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let printed = "";
  const keep = (text: Buffer) => {
    printed += text.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`the build ended with ${code}:\n${printed}`);
}

/** Hard links: the packages are hundreds of megabytes, and nothing writes to them. */
export function linkFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkFolder(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkSync(source, target);
  }
}
