/** True where somebody has started us by hand, and a SIGHUP says that their terminal is gone. */
export function isOnTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
}
