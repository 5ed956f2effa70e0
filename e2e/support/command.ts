import { spawn } from "node:child_process";
import { join } from "node:path";
import { environmentOf, type Settings } from "./server";

const ROOT = join(import.meta.dirname, "../..");

/** How a command ended, and what it printed on both streams. */
export interface CommandResult {
  code: number | null;
  lines: string[];
}

/** Runs one of the operator's commands as its npm script does: `user lock ada@example.com`, `migrate`. */
export async function runCommand(args: string[], settings: Settings): Promise<CommandResult> {
  const child = spawn(process.execPath, ["lib/cli/run.mjs", ...args], {
    cwd: ROOT,
    env: environmentOf(settings),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const keep = (text: Buffer) => {
    printed += text.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, lines: printed.trim().split("\n") };
}
