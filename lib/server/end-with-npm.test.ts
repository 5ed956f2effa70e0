import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const JITI = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti.mjs", import.meta.url));
const FILE = fileURLToPath(new URL("end-with-npm.ts", import.meta.url));

/** Our part: says that it is there, and at a signal that it heard it. */
const SERVER = `
  import { createJiti } from ${JSON.stringify(JITI)};
  const { endWithNpm } = await createJiti(${JSON.stringify(JITI)}).import(${JSON.stringify(FILE)});
  endWithNpm();
  process.once("SIGTERM", () => { console.log("told to stop"); process.exit(); });
  console.log(process.ppid);
  setInterval(() => {}, 1000);`;

/** npm's: runs that in a shell which stays, as Debian's does, and hands no signal on. */
const NPM = `
  const { spawn } = require("node:child_process");
  spawn("/bin/sh", ["-c", '"$NODE" --input-type=module -e "$SERVER"; :'], { stdio: ["ignore", "inherit", "inherit"] });
  setInterval(() => {}, 1000);`;

/** The processes, npm's shell by its number, and what ours prints. */
async function startUnderNpm(): Promise<{ npm: ChildProcess; shell: number; heard: () => Promise<string> }> {
  const env = { ...process.env, NODE: process.execPath, SERVER, npm_lifecycle_event: "start" };
  const npm = spawn(process.execPath, ["-e", NPM], { env, stdio: ["ignore", "pipe", "inherit"] });
  if (!npm.stdout) throw new Error("no output");
  const lines = createInterface(npm.stdout)[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  return { npm, shell: Number(await next()), heard: next };
}

describe.runIf(process.platform === "linux")("endWithNpm", () => {
  it.each(["SIGKILL", "SIGHUP", "SIGTERM"] as const)(
    "hears of the end of npm by %s, with a shell between",
    async (signal) => {
      const { npm, heard } = await startUnderNpm();
      npm.kill(signal);
      expect(await heard()).toBe("told to stop");
    },
  );

  it("hears of the end of the shell alone", async () => {
    const { npm, shell, heard } = await startUnderNpm();
    process.kill(shell, "SIGKILL");
    expect(await heard()).toBe("told to stop");
    npm.kill("SIGKILL");
    await once(npm, "exit");
  });
});
