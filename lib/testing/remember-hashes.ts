import { type HashPool, hashPool, type Job } from "../security/passwords/pool";

// Runs before each test file that touches the database. A process works out each hash once, however many tests and files ask
// for the same: verbs hash and compare a few passwords all the time, and each time takes a quarter of a second on purpose.

type Run = (job: Job) => Promise<string | boolean>;

const pool: HashPool & { remembers?: true } = hashPool();
if (!pool.remembers) {
  const hash = pool.run.bind(pool) as Run;
  const known = new Map<string, Promise<string | boolean>>();
  const hashOnce: Run = (job) => {
    const key = JSON.stringify(job);
    const result = known.get(key) ?? hash(job);
    known.set(key, result);
    return result;
  };
  Object.assign(pool, { run: hashOnce, remembers: true });
}
