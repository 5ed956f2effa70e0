import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
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

let runs = 0;

/** What {@link runScript} answers, without a process: in this one, with its database and its settings. */
export async function runScriptHere(script: string, args: string[]) {
  const { argv, exitCode } = process;
  const [cwd, said] = [process.cwd(), { output: [] as string[], errors: [] as string[] }];
  const spies = [
    vi.spyOn(console, "log").mockImplementation((line) => void said.output.push(String(line))),
    vi.spyOn(console, "error").mockImplementation((line) => void said.errors.push(String(line))),
  ];
  try {
    process.argv = [argv[0] ?? "", script, ...args];
    process.exitCode = 0;
    await import(
      /* @vite-ignore */ `${fileURLToPath(new URL(`../cli/${script}.ts`, import.meta.url))}?${runs++}`
    );
    return { code: process.exitCode, output: said.output.join("\n"), errors: said.errors.join("\n") };
  } finally {
    for (const spy of spies) spy.mockRestore();
    Object.assign(process, { argv, exitCode });
    process.chdir(cwd);
  }
}
