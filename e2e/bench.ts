import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { ensureBuild } from "../lib/server/build";
import { removeFolder, startServer, temporaryFolder } from "./support/server";
import { newAddress, readForms, Visitor } from "./support/visitor";

/** Logins under way at all times. */
const LOGINS = 8;

/** How long each part of a round lasts, in milliseconds; a round runs every part, so that a slow spell meets them all. */
const PART_MS = 8_000;
const ROUNDS = 5;

/** Pause between two page loads of the one honest visitor, in milliseconds. */
const PAUSE_MS = 20;

const password = "open sesame and come in";

/** One account for each login under way: one account alone takes only a few at a time. */
const accounts = Array.from({ length: LOGINS }, (_, index) => ({
  username: `bench-${index}`,
  email: `bench-${index}@example.com`,
  password,
  confirmation: password,
}));

const agent = new Agent({ keepAlive: true });

interface Exchange {
  path: string;
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: Buffer;
}

/** Sends one request over a kept connection and answers its status, once the whole body is in. */
function exchange(origin: string, { path, method = "GET", headers = {}, body }: Exchange): Promise<number> {
  return new Promise((resolve, reject) => {
    request(origin + path, { agent, method, headers }, (answer) => {
      answer
        .resume()
        .once("end", () => resolve(answer.statusCode ?? 0))
        .once("error", reject);
    })
      .once("error", reject)
      .end(body);
  });
}

/** Runs `work` over and over on `lanes` lanes until `ms` have passed; answers how often a second it was done. */
async function rate(lanes: number, ms: number, work: (lane: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let done = 0;
  const run = async (lane: number) => {
    while (performance.now() - start < ms) {
      await work(lane);
      done++;
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  return (done * 1000) / (performance.now() - start);
}

/** Loads `page` one visit after another while `until` is pending; answers each load's time in milliseconds. */
async function latencies(load: () => Promise<unknown>, until: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let isOver = false;
  void until.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const start = performance.now();
    await load();
    times.push(performance.now() - start);
    await delay(PAUSE_MS);
  }
  return times;
}

function percentile(times: number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const median = (values: number[]) => percentile(values, 0.5);

/** The login as a browser without a script posts it, ready to be sent again and again. */
async function readyLogin({ email }: { email: string }, visitor: Visitor): Promise<Exchange> {
  const form = readForms((await visitor.get("/login")).body).find(({ fields }) => fields.has("password"));
  const data = new FormData();
  for (const [name, value] of form?.fields ?? []) if (value !== null) data.append(name, value);
  data.set("email", email);
  data.set("password", password);
  const encoded = new Response(data);
  const headers = {
    "content-type": encoded.headers.get("content-type") ?? "",
    origin: visitor.origin,
    "x-forwarded-for": newAddress(),
  };
  return { path: "/login", method: "POST", headers, body: Buffer.from(await encoded.arrayBuffer()) };
}

async function bench(): Promise<void> {
  // The same pool as the server's, in this process: raw verifications and nothing else, on the same cores.
  const { HashPool } = await import("../lib/password/pool");
  const pool = new HashPool();
  const hash = await pool.run({ password, cost: 12 });
  const verify = () => pool.run({ password, hash });

  await ensureBuild();
  const folder = await temporaryFolder("bench");
  const server = await startServer({ DATA_DIR: folder });
  try {
    const { origin } = server;
    const visitor = new Visitor(origin);
    const logins = await Promise.all(accounts.map((account) => readyLogin(account, visitor)));
    for (const account of accounts) await visitor.submit("/register", account);
    await visitor.submit("/login", { email: accounts[0]?.email, password });
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join("; ");

    const logIn = async (lane: number) => {
      const login = logins[lane];
      const status = login && (await exchange(origin, login));
      if (status !== 303) throw new Error(`a login was answered ${status}`);
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

    await rate(LOGINS, 3_000, logIn); // warm up
    for (const { load } of pages) await latencies(load, delay(2_000));

    const ratios: number[] = [];
    const rates: { raw: number; loggedIn: number }[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const raw = await rate(pool.size, PART_MS, verify);
      const loggedIn = await rate(LOGINS, PART_MS, logIn);
      rates.push({ raw, loggedIn });
      ratios.push(loggedIn / raw);
      for (const { load, idle, busy } of pages) {
        idle.push(...(await latencies(load, delay(PART_MS / 2))));
        busy.push(...(await latencies(load, rate(LOGINS, PART_MS, logIn))));
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
    for (const { path, idle, busy } of pages)
      for (const share of [0.5, 0.99]) {
        const [before, during] = [percentile(idle, share), percentile(busy, share)];
        console.log(
          `    GET ${path.padEnd(8)} p${share * 100}: ${during.toFixed(1)} ms against ${before.toFixed(1)} ms, ` +
            `${(during / before).toFixed(1)} times (${busy.length} and ${idle.length} loads)`,
        );
      }
  } finally {
    await server.stop();
    await removeFolder(folder);
    agent.destroy();
  }
}

await bench();
