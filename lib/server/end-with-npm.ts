import { readFileSync } from "node:fs";

/** How often to look whether npm is still there, in milliseconds. */
const CHECK_MS = 200;

/** What npm runs a script with, where that stays between npm and the script: Debian's dash does, bash does not. */
const SHELL = /^(?:ba|da|a|k|z)?sh$/;

/**
 * Where npm has started us, its end is a signal to stop. npm hands a SIGTERM to its shell alone, which ends without telling
 * us, and tells nobody of a SIGKILL or SIGHUP: we would go on, and hold the port against every new start. On Windows a
 * process keeps the number of a parent that is gone, and nothing is seen.
 */
export function endWithNpm(): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const before = starters();
  const timer = setInterval(() => {
    if (starters() === before) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, CHECK_MS).unref();
}

/** Our parent, and npm above it where that is a shell. Another number stands there once one of them is gone. */
function starters(): string {
  const parent = process.ppid;
  const [, name = "", grandparent = ""] = /^\d+ \((.*)\) \S (\d+)/s.exec(statOf(parent)) ?? [];
  return SHELL.test(name) ? `${parent} ${grandparent}` : String(parent);
}

/** Linux tells of a process: its number, its name, its state, its parent (proc(5)). Empty elsewhere. */
function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return "";
  }
}
