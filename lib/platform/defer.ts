import { after } from "next/server";

/**
 * Does `work` once the answer is sent, so that no one waits for it and the time of the answer tells nothing. The work must
 * not throw.
 * @returns false outside a request, where there is no answer to wait for: then nothing is done
 */
export function defer(work: () => Promise<void>): boolean {
  try {
    after(work);
    return true;
  } catch {
    return false; // the one thing `after` throws on a function: it was called outside a request
  }
}
