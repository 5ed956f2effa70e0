import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The repository's root: this file lives two folders below it. */
export const ROOT = join(import.meta.dirname, "../..");

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
  "prisma/offline/schema.prisma",
  "tsconfig.json",
];

const FINGERPRINT = join(ROOT, ".next", "latchkey-fingerprint");

/**
 * Holds the id of the process that builds: Next refuses a second build beside it, and we wait for its end instead. Not in
 * `.next`, which a build begins by emptying.
 */
const BUILDER = join(ROOT, "node_modules/.cache/latchkey-builder");

/** How often to look whether another process's build is done, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** Makes the production build when there is none or when what it was made of has changed. @throws Error when it fails. */
export async function ensureBuild(): Promise<void> {
  const fingerprint = fingerprintOf(INPUTS.map((input) => join(ROOT, input)));
  const isCurrent = () => readOrNull(FINGERPRINT) === fingerprint;
  while (!isCurrent()) {
    if (!becomeBuilder()) {
      await sleep(LOOK_EVERY_MS);
      continue;
    }
    try {
      await run(["node_modules/jiti/lib/jiti-cli.mjs", "prisma/offline/generate.ts"]);
      await run(["node_modules/next/dist/bin/next", "build"]);
      writeFileSync(FINGERPRINT, fingerprint);
    } finally {
      rmSync(BUILDER, { force: true });
    }
  }
}

/** False while another living process builds; one that was killed at it is forgotten. */
function becomeBuilder(): boolean {
  mkdirSync(dirname(BUILDER), { recursive: true });
  try {
    writeFileSync(BUILDER, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    const builder = Number(readOrNull(BUILDER));
    if (builder > 0 && !isAlive(builder)) rmSync(BUILDER, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** SHA-256 over names and contents: unlike times, it survives a checkout, a copy and a clock that is off. */
function fingerprintOf(paths: string[]): string {
  const hash = createHash("sha256");
  const add = (path: string): void => {
    if (path.endsWith(".test.ts") || !existsSync(path)) return;
    const isFolder = readdirOrNull(path);
    if (isFolder) for (const name of isFolder.sort()) add(join(path, name));
    else hash.update(path.slice(ROOT.length)).update("\0").update(readFileSync(path)).update("\0");
  };
  paths.forEach(add);
  return hash.digest("hex");
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function readdirOrNull(path: string): string[] | null {
  try {
    return readdirSync(path);
  } catch {
    return null;
  }
}

/** What a build prints goes to stderr: stdout is the log. */
function run(args: string[]): Promise<void> {
  const env = { ...process.env, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  return new Promise((resolve, reject) => {
    spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["inherit", 2, 2] })
      .on("error", reject)
      .on("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`\`${args.join(" ")}\` ended with code ${code}`)),
      );
  });
}
