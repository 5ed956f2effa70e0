import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * Runs the tests on another Node: `npm run test:node -- 24`, or with steps of e2e/run.ts, `npm run test:node -- 24 unit`.
 * The binary comes from npm's package `node`, into a folder that goes when it is done. Every child finds it first in PATH,
 * and npm's own variables for Node point at it.
 */

/** What depends on Node: the unit tests and the stories of the main job, under every server. */
const STEPS = ["clients", "unit", "build", "main"];

const ROOT = join(import.meta.dirname, "..");

const [version = "", ...steps] = process.argv.slice(2);
if (!/^\d+(\.\d+){0,2}$/.test(version)) {
  console.error("Name a version of Node: npm run test:node -- 24");
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), "latchkey-node-"));
chmodSync(folder, 0o755); // PostgreSQL's watchdog runs the binary as another user where we are root
let status: number | null = 1;
try {
  const node = installNode();
  console.log(`Node ${run(node, ["--version"], "pipe").stdout.trim()}`);
  const jiti = join(ROOT, "node_modules/jiti/lib/jiti-cli.mjs");
  ({ status } = run(node, [jiti, "e2e/run.ts", ...(steps.length > 0 ? steps : STEPS)], "inherit"));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = status ?? 1;

/** @returns the path of the binary */
function installNode(): string {
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const args = ["install", "--no-audit", "--no-fund", "--no-save", `node@${version}`];
  const isWindows = process.platform === "win32"; // npm is a script there, which only a shell starts
  const install = spawnSync("npm", args, { cwd: folder, stdio: "inherit", shell: isWindows });
  if (install.status !== 0) throw new Error(`npm has no Node ${version} for this machine.`);
  return join(folder, "node_modules/node/bin", isWindows ? "node.exe" : "node");
}

function run(node: string, args: string[], stdio: "inherit" | "pipe") {
  const path = [join(node, ".."), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, npm_node_execpath: node, NODE: node };
  return spawnSync(node, args, { cwd: ROOT, env, stdio, encoding: "utf8" });
}
