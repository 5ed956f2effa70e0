import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";

interface Duty {
  /** Removed at the end, with everything in it. */
  folder: string;
  /** A program and its arguments, to be run before that. */
  command?: string[];
  /** The user to run it as; this process's own when left out. */
  uid?: number;
  gid?: number;
}

/**
 * Sees to it that what a test run has started does not outlive it. A process of its own waits for its standard input to
 * close, which the system does when this process ends, even by SIGKILL; then it cleans up. It is detached, so that
 * Ctrl-C does not reach it first.
 *
 * @returns cleans up now, and resolves when that is done
 */
export function cleanUpAfterMe({ folder, command = [], uid, gid }: Duty): () => Promise<void> {
  const script = `
    const { spawnSync } = require("node:child_process");
    const { rmSync } = require("node:fs");
    const [folder, program, ...args] = process.argv.slice(1);
    process.stdin.resume().on("end", () => {
      if (program) spawnSync(program, args, { stdio: "ignore" });
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });`;
  const watchdog = spawn(process.execPath, ["-e", script, folder, ...command], {
    uid,
    gid,
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
  (watchdog.stdin as Socket).unref();
  return () => end(watchdog);
}

async function end(watchdog: ChildProcess): Promise<void> {
  if (watchdog.exitCode !== null || watchdog.signalCode !== null) return;
  const exited = new Promise((resolve) => watchdog.once("exit", resolve));
  watchdog.ref();
  watchdog.stdin?.end();
  await exited;
}
