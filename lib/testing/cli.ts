import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { newFolder } from "./database";

const RUN = fileURLToPath(new URL("../cli/run.mjs", import.meta.url));

/** What a script of `lib/cli` prints and ends with. It is given no secret: the operator's commands need none. */
export async function runScript(script: string, args: string[], settings: Record<string, string> = {}) {
  const env = { ...process.env, AUTH_SECRET: "", ...settings };
  const child = spawn(process.execPath, [RUN, script, ...args], { env, cwd: newFolder() });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (errors += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, output: output.trim(), errors: errors.trim() };
}
