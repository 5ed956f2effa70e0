import { hashPool, type Job } from "../security/passwords/pool";

// Runs before each test file that touches the database. It works out each hash once in a file, however many tests ask for the
// same: verbs hash and compare a few passwords all the time, and each time takes a quarter of a second on purpose.

const pool = hashPool();
const hash = pool.run.bind(pool) as (job: Job) => Promise<string | boolean>;
const known = new Map<string, Promise<string | boolean>>();

function hashOnce(job: Job): Promise<string | boolean> {
  const key = JSON.stringify(job);
  const result = known.get(key) ?? hash(job);
  known.set(key, result);
  return result;
}

pool.run = hashOnce as typeof pool.run;
