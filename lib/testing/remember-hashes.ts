import { hashPool, type Job } from "../security/passwords/pool";

// Runs before each test file that touches the database. It makes each comparison once in a file, however many tests ask for the
// same: verbs compare a few passwords with a few hashes all the time, and each takes a quarter of a second on purpose.

const pool = hashPool();
const hash = pool.run.bind(pool) as (job: Job) => Promise<string | boolean>;
const known = new Map<string, Promise<string | boolean>>();

function compareOnce(job: Job): Promise<string | boolean> {
  if ("cost" in job) return hash(job);
  const key = JSON.stringify(job);
  const result = known.get(key) ?? hash(job);
  known.set(key, result);
  return result;
}

pool.run = compareOnce as typeof pool.run;
