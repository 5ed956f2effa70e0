import "server-only";
import { db } from "./db";

/** How long the database may take to answer, in milliseconds. Visitors would not wait longer either. */
const TIMEOUT_MS = 2_000;

/** When to ask again after a refusal, in seconds. */
export const READY_RETRY_S = 5;

let asking: Promise<boolean> | undefined;

/** Whether the database answers. Requests that arrive together share one query, so they add no load. */
export function isReady(query: () => Promise<unknown> = () => db.$queryRaw`SELECT 1`): Promise<boolean> {
  asking ??= answersInTime(query).finally(() => {
    asking = undefined;
  });
  return asking;
}

async function answersInTime(query: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, TIMEOUT_MS, false);
  });
  const answer = query().then(
    () => true,
    () => false,
  );
  return Promise.race([answer, timeout]).finally(() => clearTimeout(timer));
}
