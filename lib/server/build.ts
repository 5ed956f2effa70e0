import { spawn } from "node:child_process";
import { accessSync, constants, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "../platform/configuration-error";
import { BUILDS, WORKSHOP } from "../platform/folders";
import { cannotWrite, exclusively, type LockOptions } from "./build-lock";
import { clearWorkshop, currentFingerprint, publishBuild, reuseBuild } from "./builds";
import { fingerprintOf } from "./fingerprint";
import { ROOT } from "./root";

export { ROOT } from "./root";

/** Held while building. Not among the packages, which an upgrade installs anew. */
const LOCK = join(ROOT, BUILDS, "lock");

/** Characters of the fingerprint by which pages and scripts of one build know each other. */
const BUILD_ID_LENGTH = 20;

/** A signal's number, by which a shell tells what ended a process. Not SIGHUP, which `nohup` must go on to silence. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** Where what a build prints goes: on in the terminal, or to standard error where standard output is a log. */
type Output = "inherit" | 2;

export interface BuildOptions extends LockOptions {
  output?: Output;
  /** Called before a build that has to be made. */
  onBuild?: () => void;
  /** True where this process serves meanwhile, so that a signal is for that; else it ends the build, and then us. */
  isBeside?: boolean;
}

/**
 * Makes the production build when there is none of this code; takes an earlier one into use again where it is kept. Else
 * nothing is written.
 * @throws ConfigurationError when it fails or cannot be tried
 */
export async function ensureBuild(options: BuildOptions = {}): Promise<void> {
  const fingerprint = fingerprintOf(ROOT);
  const isCurrent = () => currentFingerprint(ROOT) === fingerprint;
  if (isCurrent()) return;
  const makeOrReuse = async () =>
    isCurrent() || reuseBuild(ROOT, fingerprint) || (await makeBuild(fingerprint, options));
  await exclusively(LOCK, makeOrReuse, options);
}

/** Makes the production build, even where there is a current one. @throws as {@link ensureBuild} */
export async function build(options: BuildOptions = {}): Promise<void> {
  await exclusively(LOCK, () => makeBuild(fingerprintOf(ROOT), options), options);
}

/** @param fingerprint taken first: what changes during a build is not in it */
async function makeBuild(
  fingerprint: string,
  { output = 2, onBuild = () => {}, isBeside = false }: BuildOptions,
): Promise<void> {
  assertWritable(ROOT); // where the link lies
  onBuild();
  const variables = {
    LATCHKEY_BUILD_DIR: WORKSHOP,
    LATCHKEY_BUILD_ID: fingerprint.slice(0, BUILD_ID_LENGTH),
  };
  try {
    mkdirSync(join(ROOT, WORKSHOP), { recursive: true });
    clearWorkshop(ROOT); // of a build that was killed
    cpSync(join(ROOT, "package.json"), join(ROOT, BUILDS, "package.json")); // Next looks for it above a build's folder
    await run(["node_modules/jiti/lib/jiti-cli.mjs", "prisma/offline/generate.ts"], output, isBeside);
    await run(["node_modules/next/dist/bin/next", "build"], output, isBeside, variables);
    publishBuild(ROOT, fingerprint);
  } catch (error) {
    clearWorkshop(ROOT);
    if (error instanceof Error && "code" in error)
      throw new ConfigurationError(`The build failed: ${error.message}.`); // a full disk, say
    throw error;
  }
}

function assertWritable(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/**
 * Runs one step in a process of its own, which ends when this one does: on a signal we end it, wait for its end and go;
 * where we are killed, it sees the channel close.
 */
async function run(
  args: string[],
  output: Output,
  isBeside: boolean,
  variables: Record<string, string> = {},
): Promise<void> {
  const env = {
    ...process.env,
    ...variables,
    NODE_ENV: "production" as const,
    NEXT_TELEMETRY_DISABLED: "1",
  };
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
  const heeded = isBeside ? [] : Object.keys(SIGNALS);
  for (const name of heeded) process.once(name, interrupt);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("exit", resolve);
    });
    if (signal !== null) process.exit(128 + SIGNALS[signal]);
    if (code !== 0)
      throw new ConfigurationError(`The build failed: \`${args.join(" ")}\` ended with ${code}, see above.`);
  } finally {
    for (const name of heeded) process.removeListener(name, interrupt);
  }
}
