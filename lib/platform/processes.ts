import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

/** Memory for one process that answers requests, in bytes: 250 to 450 MB in use. */
const PROCESS_BYTES = 512 * 2 ** 20;

/** More processes are for the operator to ask for: each opens connections of PostgreSQL. */
export const PROCESSES_MOST = 24;

/** How many processes this machine, or the container's share of it, has cores and memory for: at least one. */
export function processesThatFit(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const fit = Math.min(availableParallelism(), coresAllowed(), Math.floor(memory / PROCESS_BYTES));
  return Math.max(1, Math.min(fit, PROCESSES_MOST));
}

/** The processor time that a container may use, in cores; no limit where none is set. */
function coresAllowed(): number {
  try {
    return coresIn(readFileSync("/sys/fs/cgroup/cpu.max", "utf8"));
  } catch {
    return Number.POSITIVE_INFINITY; // not Linux, or no control groups of version 2
  }
}

/** @param quota as Linux writes it: microseconds of processor time in so many of the clock, `max` for no limit (cgroups(7)) */
export function coresIn(quota: string): number {
  const [time, period] = quota.trim().split(" ").map(Number);
  return time && period ? Math.max(1, Math.round(time / period)) : Number.POSITIVE_INFINITY;
}
