import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const JITI = join(import.meta.dirname, "../../node_modules/jiti/lib/jiti-cli.mjs");

/**
 * Starts a file of this folder as a process of its own, so that its work is not this process's.
 * @param orders handed to it as JSON in its one argument
 * @returns what reads its next line; throws where it has ended
 */
export function startChild(file: string, orders: unknown): () => Promise<string> {
  const child = spawn(process.execPath, [JITI, join(import.meta.dirname, file), JSON.stringify(orders)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${file} ended early`);
    return String(value);
  };
}
