/** How often to look whether npm is still there, in milliseconds. */
const CHECK_MS = 500;

/**
 * Where npm has started us, its end is a signal to stop. npm hands a SIGTERM to its shell alone, and Debian's shell ends
 * without telling us: we would go on, and hold the port against every new start. On Windows a process keeps the number of
 * a parent that is gone, and nothing is seen.
 */
export function endWithNpm(): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, CHECK_MS).unref();
}
