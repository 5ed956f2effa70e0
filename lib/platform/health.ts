import "server-only";
import { db } from "./db";

/** How long the database may take to answer, in milliseconds. A slower one serves nobody well. */
const PATIENCE_MS = 2_000;

/** When to ask again after a no, in seconds. */
export const READY_RETRY_S = 5;

let asking: Promise<boolean> | undefined;

/** Whether the database answers. However many ask at once, it is asked once: a crowd at this door adds no load. */
export function isReady(query: () => Promise<unknown> = () => db.$queryRaw`SELECT 1`): Promise<boolean> {
  asking ??= answersInTime(query).finally(() => {
    asking = undefined;
  });
  return asking;
}

async function answersInTime(query: () => Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, false);
  });
  const answer = query().then(
    () => true,
    () => false,
  );
  return Promise.race([answer, patience]).finally(() => clearTimeout(timer));
}
