import "server-only";
import { randomUUID } from "node:crypto";
import { MINUTE_MS } from "../../shared/units";
import { logError } from "../log";
import { isUniqueViolation } from "./errors";
import { db } from "./index";

/**
 * How long a lease holds without a word from its process, in milliseconds. Much longer than the work between two words takes,
 * and than the clocks of instances differ.
 */
export const LEASE_MS = MINUTE_MS;

/** How often it is renewed at most, in milliseconds. */
const RENEWED_EVERY_MS = LEASE_MS / 4;

/**
 * Does work that one process at a time does, of all on this database.
 * @param work asks its argument every few seconds whether to go on; false: this process was so slow that another has begun
 * @returns null, and nothing done, while another process does it
 */
export async function withLease<T>(
  name: string,
  work: (isHeld: () => Promise<boolean>) => Promise<T>,
): Promise<T | null> {
  const holder = randomUUID();
  if (!(await claim(name, holder))) return null;
  let renewAt = Date.now() + RENEWED_EVERY_MS;
  const isHeld = async () => {
    if (Date.now() < renewAt) return true;
    renewAt = Date.now() + RENEWED_EVERY_MS;
    const { count } = await db.lease.updateMany({ where: { name, holder }, data: { expiresAt: leaseEnd() } });
    return count === 1;
  };
  try {
    return await work(isHeld);
  } finally {
    await db.lease.deleteMany({ where: { name, holder } }).catch(logError); // else it ends by itself
  }
}

async function claim(name: string, holder: string): Promise<boolean> {
  const data = { holder, expiresAt: leaseEnd() };
  const isOver = { expiresAt: { lte: new Date() } };
  const isAbsurd = { expiresAt: { gt: new Date(Date.now() + 2 * LEASE_MS) } }; // made by a clock that was far ahead
  const { count } = await db.lease.updateMany({ where: { name, OR: [isOver, isAbsurd] }, data });
  if (count === 1) return true;
  try {
    await db.lease.create({ data: { name, ...data } });
    return true;
  } catch (error) {
    if (isUniqueViolation(error)) return false;
    throw error;
  }
}

function leaseEnd(): Date {
  return new Date(Date.now() + LEASE_MS);
}
