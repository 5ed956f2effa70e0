/**
 * One thread of the pool: takes a job, answers, takes the next. It calls the libraries' synchronous functions on
 * purpose, since this thread has nothing else to do. A job that throws ends the thread; the pool knows what then.
 *
 * JavaScript, because Node 20 loads no TypeScript and this file is started by path as well as from a bundle.
 */
import os from "node:os";
import { parentPort } from "node:worker_threads";

/** @import { Job, JobResult } from "./pool.ts" */

/**
 * @typedef {object} Bcrypt
 * @property {JobResult["library"]} library
 * @property {(password: string, cost: number) => string} hash
 * @property {(password: string, hash: string) => boolean} verify
 */

letPagesGoFirst();
const bcrypt = await fastestBcrypt();

parentPort?.on("message", (/** @type {Job} */ job) => {
  const result = "hash" in job ? compare(job.password, job) : bcrypt.hash(job.password, job.cost);
  parentPort?.postMessage(/** @satisfies {JobResult} */ ({ result, library: bcrypt.library }));
});

/**
 * @param {string} password
 * @param {{ hash: string, decoys?: readonly string[] }} job
 */
function compare(password, { hash, decoys = [] }) {
  if (bcrypt.verify(password, hash)) return true;
  for (const decoy of decoys) bcrypt.verify(password, decoy);
  return false;
}

/** Lowers this thread's priority. Only Linux has one per thread; elsewhere the call would slow the whole process. */
function letPagesGoFirst() {
  if (process.platform !== "linux") return;
  try {
    os.setPriority(os.constants.priority.PRIORITY_LOW);
  } catch {
    // A sandbox may forbid it: hashes then compete with pages as equals, and all else is the same.
  }
}

/** @returns {Promise<Bcrypt>} the native library, or the one in plain JavaScript where no binary fits this machine */
async function fastestBcrypt() {
  try {
    const native = await import("@node-rs/bcrypt");
    return {
      library: "@node-rs/bcrypt",
      hash: (password, cost) => native.hashSync(password, cost),
      verify: (password, hash) => native.verifySync(password, hash),
    };
  } catch {
    const { default: bcryptjs } = await import("bcryptjs");
    return { library: "bcryptjs", hash: bcryptjs.hashSync, verify: bcryptjs.compareSync };
  }
}
