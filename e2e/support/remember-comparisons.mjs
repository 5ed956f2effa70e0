// Loaded before the app by the servers that many stories share. Comparing a password with a hash takes a fifth of a second of a
// core on purpose, and the stories log the same few people in all the time: what was compared once has the same verdict again.
// A new hash is made each time. A server of a story's own, as for those about the work itself, does without this.

/** @type {Map<string, Promise<boolean>>} */
const known = new Map();

/** @type {{ run(job: object): Promise<boolean> } | undefined} */
let pool;

Object.defineProperty(globalThis, "latchkeyHashPool", {
  get: () => pool,
  set(made) {
    pool = made;
    const run = made.run.bind(made);
    made.run = (/** @type {object} */ job) => {
      if ("cost" in job) return run(job);
      const key = JSON.stringify(job);
      const verdict = known.get(key) ?? run(job);
      known.set(key, verdict);
      return verdict;
    };
  },
});
