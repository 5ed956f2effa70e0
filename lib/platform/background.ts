import { primary } from "./ipc";

/** Work that goes on beside the requests, in one process of a machine at a time. */
export interface Background {
  start(): void;
  /** Resolves when nothing of it is under way any more. */
  stop(): Promise<void>;
  /** Does at once what is due. */
  wake?(): Promise<void>;
}

/** Next bundles this file more than once; globalThis is what the copies share. */
const shared = globalThis as { latchkeyBackground?: { works: Background[]; isTaken: boolean } };
shared.latchkeyBackground ??= { works: [], isTaken: false };
const background = shared.latchkeyBackground;

/** True in the process that does such work: the only one, or the worker that was told to. */
function isHere(): boolean {
  return background.isTaken || primary() === null;
}

/** Starts it, where this process is the one. A worker starts it once the primary says so, and stops it when it leaves. */
export function runInBackground(work: Background): void {
  background.works.push(work);
  if (isHere()) work.start();
}

/** Has the process that does such work do at once what is due. False where that is this one: it is then to be done here. */
export function wakeElsewhere(): boolean {
  if (isHere()) return false;
  primary()?.tell("wakeBackground");
  return true;
}

/** Does all such work from now on. */
export function takeBackground(): void {
  if (background.isTaken) return;
  background.isTaken = true;
  for (const work of background.works) work.start();
}

/** Does none from now on. Resolves when nothing of it is under way any more. */
export async function leaveBackground(): Promise<void> {
  if (!background.isTaken) return;
  background.isTaken = false;
  await Promise.all(background.works.map((work) => work.stop()));
}

/** Does at once what is due, where this process is the one. */
export function wakeBackground(): void {
  if (isHere()) for (const work of background.works) void work.wake?.();
}
