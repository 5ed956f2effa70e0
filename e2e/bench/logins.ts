import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import {
  exchange,
  keepDoing,
  latencies,
  logInOnce,
  loginForm,
  median,
  PASSWORD,
  printRatios,
  rateOf,
  registerAll,
} from "./tools";

/** Logins under way at all times, each at an account of its own: one account alone admits only a few at a time. */
const LOGINS = 8;

/** Work runs this long before anything is measured, in milliseconds: that all lanes start at one instant is another load. */
const LEAD_MS = 1_000;

/** How long rates are counted, and pages loaded, in milliseconds; a round has every part, so that a slow spell meets all. */
const RATE_MS = 10_000;
const PAGES_MS = 5_000;
const ROUNDS = 4;

/** (a) how near logins come to raw verifications, and (b) what that costs people who only look at pages. */
export async function benchLogins(origin: string): Promise<void> {
  // The same pool as the server's, in this process: raw verifications and nothing else, on the same cores.
  const { HashPool } = await import("../../lib/testing/product");
  const pool = new HashPool();
  const hash = await pool.run({ password: PASSWORD, cost: 12 });
  const verify = () => pool.run({ password: PASSWORD, hash });

  const makeLogin = await loginForm(origin);
  // Others for each round, and for what comes before: one account admits so many right passwords in five minutes.
  const loginsOf = async (round: number) => {
    const names = Array.from({ length: LOGINS }, (_, index) => `bench-${round}-${index}`);
    const emails = await registerAll(origin, names);
    return Promise.all(emails.map((email) => makeLogin({ email, password: PASSWORD })));
  };
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) rounds.push(await loginsOf(round));
  let logins = rounds[0] ?? [];
  // Not one of those: an account keeps so many sessions, and each of their logins opens one.
  const [reader = ""] = await registerAll(origin, ["bench-reader"]);
  const cookie = await logInOnce(origin, reader);

  const logIn = async (lane: number) => {
    const login = logins[lane];
    const answer = login && (await exchange(origin, login));
    if (answer?.status !== 303) throw new Error(`a login was answered ${answer?.status}`);
  };
  const pages = [
    { path: "/login", headers: {} },
    { path: "/account", headers: { cookie } },
  ].map((page) => ({
    ...page,
    load: () => exchange(origin, page),
    idle: [] as number[],
    busy: [] as number[],
  }));

  await keepDoing(LOGINS, 3_000, logIn); // warm up
  for (const { load } of pages) await latencies(load, delay(2_000));

  const ratios: number[] = [];
  const rates: { raw: number; loggedIn: number }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    logins = rounds[round] ?? [];
    const raw = rateOf(await keepDoing(pool.size, LEAD_MS + RATE_MS, verify), LEAD_MS, RATE_MS);
    const loggedIn = rateOf(await keepDoing(LOGINS, LEAD_MS + RATE_MS, logIn), LEAD_MS, RATE_MS);
    rates.push({ raw, loggedIn });
    ratios.push(loggedIn / raw);
    for (const { load, idle, busy } of pages) {
      idle.push(...(await latencies(load, delay(PAGES_MS / 2))));
      const underWay = keepDoing(LOGINS, LEAD_MS + PAGES_MS, logIn);
      await delay(LEAD_MS);
      busy.push(...(await latencies(load, underWay)));
    }
    console.log(
      `round ${round}: ${raw.toFixed(2)} raw verifications/s (${pool.library}), ${loggedIn.toFixed(2)} logins/s, ratio ${(loggedIn / raw).toFixed(3)}`,
    );
  }

  console.log(`\n(a) logins against raw verifications at cost 12 on ${availableParallelism()} cores`);
  console.log(
    `    ratio: median ${median(ratios).toFixed(3)}, from ${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}` +
      ` (median ${median(rates.map(({ loggedIn }) => loggedIn)).toFixed(2)} of ${median(rates.map(({ raw }) => raw)).toFixed(2)} a second)`,
  );
  console.log(`(b) pages while ${LOGINS} logins run at all times, against idle`);
  for (const { path, idle, busy } of pages) printRatios(`GET ${path}`, busy, idle);
}
