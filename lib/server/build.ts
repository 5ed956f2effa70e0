import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "../platform/configuration-error";
import { cannotWrite, exclusively, type LockOptions } from "./build-lock";
import { fingerprintOf } from "./fingerprint";
import { ROOT } from "./root";
import { finishStandalone } from "./standalone";

export { ROOT } from "./root";

const OUTPUT = join(ROOT, ".next");

/** What the build in place was made of; written last, so that half a build has none. */
const FINGERPRINT = join(OUTPUT, "latchkey-fingerprint");

/** Held while building. Not in `.next`, which a build empties. */
const LOCK = join(ROOT, "node_modules/.cache/latchkey-build");

/** A signal's number, by which a shell tells what ended a process. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Where what a build prints goes: on in the terminal, or to standard error where standard output is a log. */
type Output = "inherit" | 2;

export interface BuildOptions extends LockOptions {
  output?: Output;
  /** Called before a build that has to be made. */
  onBuild?: () => void;
}

/**
 * Makes the production build when there is none, or when what it was made of has changed. Else nothing is written.
 * @throws ConfigurationError when it fails or cannot be tried
 */
export async function ensureBuild(options: BuildOptions = {}): Promise<void> {
  if (isCurrent()) return;
  await exclusively(LOCK, async () => isCurrent() || (await makeBuild(options)), options);
}

/** Makes the production build, even where there is a current one. @throws as {@link ensureBuild} */
export async function build(options: BuildOptions = {}): Promise<void> {
  await exclusively(LOCK, () => makeBuild(options), options);
}

function isCurrent(): boolean {
  return readOrNull(FINGERPRINT) === fingerprintOf(ROOT);
}

async function makeBuild({ output = 2, onBuild = () => {} }: BuildOptions): Promise<void> {
  assertWritable(OUTPUT);
  onBuild();
  rmSync(FINGERPRINT, { force: true });
  const fingerprint = fingerprintOf(ROOT); // taken first: what changes during a build is not in it
  await run(["node_modules/jiti/lib/jiti-cli.mjs", "prisma/offline/generate.ts"], output);
  await run(["node_modules/next/dist/bin/next", "build"], output);
  finishStandalone(ROOT);
  writeFileSync(FINGERPRINT, fingerprint);
}

function assertWritable(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/**
 * Runs one step in a process of its own, which ends when this one does: on a signal we end it, wait for its end and go;
 * where we are killed, it sees the channel close.
 */
async function run(args: string[], output: Output): Promise<void> {
  const env = { ...process.env, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  const preload = pathToFileURL(join(import.meta.dirname, "end-with-parent.mjs")).href;
  const child = spawn(process.execPath, ["--import", preload, ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", output, output === "inherit" ? output : 2, "ipc"],
  });
  let signal: keyof typeof SIGNALS | null = null;
  const interrupt = (name: NodeJS.Signals) => {
    signal = name as keyof typeof SIGNALS;
    child.kill("SIGTERM");
  };
  for (const name of Object.keys(SIGNALS)) process.once(name, interrupt);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("exit", resolve);
    });
    if (signal !== null) process.exit(128 + SIGNALS[signal]);
    if (code !== 0)
      throw new ConfigurationError(`The build failed: \`${args.join(" ")}\` ended with ${code}, see above.`);
  } finally {
    for (const name of Object.keys(SIGNALS)) process.removeListener(name, interrupt);
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
