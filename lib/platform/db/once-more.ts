import { setTimeout as delay } from "node:timers/promises";
import { isLostRace } from "./errors";

/**
 * How long what lost keeps out of the way of the other one, in milliseconds: that has yet to wake up to what it waits for, and
 * would find it taken again.
 */
const GIVE_WAY_MS = 50;

/**
 * Does a transaction, or a statement of its own, once more from its beginning where it lost against another one and was rolled
 * back whole. When it loses again, the answer is 503.
 */
export function onceMore<T>(work: () => Promise<T>): Promise<T> {
  return work().catch(async (error: unknown) => {
    if (!isLostRace(error)) throw error;
    await delay(GIVE_WAY_MS);
    return work();
  });
}
