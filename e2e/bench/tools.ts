import { Agent, type OutgoingHttpHeaders, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { newAddress, readForms, Visitor } from "../support/visitor";

/** Pause between two page loads of one honest visitor, in milliseconds. */
const PAUSE_MS = 20;

/** What everyone's account here opens with. */
export const PASSWORD = "open sesame and come in";

const THROTTLED = "Too many attempts.";

/** Connections are kept: no part measures how long one takes to open. */
export const agent = new Agent({ keepAlive: true });

export interface Exchange {
  path: string;
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: Buffer;
}

export interface Answer {
  status: number;
  /** True when it asks the sender to wait. Not every server sends `Retry-After` with that, so it is read in the page. */
  isThrottled: boolean;
  /** From the first byte sent to the last one received, in milliseconds. */
  ms: number;
}

/** Sends one request over a kept connection; resolves once the whole body is in. */
export function exchange(
  origin: string,
  { path, method = "GET", headers = {}, body }: Exchange,
): Promise<Answer> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    request(origin + path, { agent, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .once("end", () => {
          const ms = performance.now() - start;
          const isThrottled = Buffer.concat(chunks).includes(THROTTLED);
          resolve({ status: answer.statusCode ?? 0, isThrottled, ms });
        })
        .once("error", reject);
    })
      .once("error", reject)
      .end(body);
  });
}

interface Sender {
  /** Where it comes from, as the proxy in front would say. */
  address?: string;
  cookie?: string;
}

export interface Attempt extends Sender {
  email: string;
  password: string;
}

/** Reads the login page once; what it answers makes logins as {@link formAt} does. */
export async function loginForm(origin: string): Promise<(attempt: Attempt) => Promise<Exchange>> {
  const make = await formAt(origin, "/login");
  return ({ email, password, ...sender }) => make({ email, password }, sender);
}

/** Reads a page once; what it answers makes its form as a browser without a script posts it, ready to be sent. */
export async function formAt(
  origin: string,
  path: string,
): Promise<(values: Record<string, string>, sender?: Sender) => Promise<Exchange>> {
  const page = await new Visitor(origin).get(path);
  const form = readForms(page.body).find(({ fields }) => fields.has("email"));
  if (!form) throw new Error(`no form at ${path} (${page.status})`);
  return async (values, { address = newAddress(), cookie } = {}) => {
    const data = new FormData();
    for (const [name, value] of form.fields) if (value !== null) data.append(name, value);
    for (const [name, value] of Object.entries(values)) data.set(name, value);
    const encoded = new Response(data);
    return {
      path,
      method: "POST",
      headers: {
        "content-type": encoded.headers.get("content-type") ?? "",
        origin,
        "x-forwarded-for": address,
        ...(cookie && { cookie }),
      },
      body: Buffer.from(await encoded.arrayBuffer()),
    };
  };
}

/** Makes an account for each of these names, each from an address of its own; answers their emails. */
export async function registerAll(origin: string, names: string[]): Promise<string[]> {
  const emails: string[] = [];
  for (const username of names) {
    const email = `${username}@example.com`;
    const fields = { username, email, password: PASSWORD, confirmation: PASSWORD };
    const { status, location } = await new Visitor(origin).submit("/register", fields);
    if (location !== `${origin}/login`) throw new Error(`registering ${username} was answered ${status}`);
    emails.push(email);
  }
  return emails;
}

/** Logs in as a browser would; what it answers is that browser's `Cookie` header: its session, and the mark of a known one. */
export async function logInOnce(origin: string, email: string): Promise<string> {
  const visitor = new Visitor(origin);
  const { status } = await visitor.submit("/login", { email, password: PASSWORD });
  if (status !== 303) throw new Error(`logging ${email} in was answered ${status}`);
  return [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
}

/** Asks again and again while `until` is pending, `pauseMs` after each answer; answers them all. */
export async function askUntil(
  until: Promise<unknown>,
  pauseMs: number,
  ask: () => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  until.then(end, end);
  while (!isOver) {
    answers.push(await ask());
    await delay(pauseMs);
  }
  return answers;
}

/** Loads a page one visit after another while `until` is pending; answers each load's time in milliseconds. */
export async function latencies(load: () => Promise<Answer>, until: Promise<unknown>): Promise<number[]> {
  const answers = await askUntil(until, PAUSE_MS, load);
  for (const { status } of answers) if (status !== 200) throw new Error(`a page was answered ${status}`);
  return answers.map(({ ms }) => ms);
}

/** Below it lies `share` of the values. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: number[]) => percentile(values, 0.5);

/** What rounds came to. */
export interface Spread {
  middle: number;
  lowest: number;
  highest: number;
}

export function spreadOf(rounds: number[]): Spread {
  return { middle: median(rounds), lowest: Math.min(...rounds), highest: Math.max(...rounds) };
}

/** Does `work` over and over on `lanes` lanes until `ms` have passed; answers when each was done, in milliseconds. */
export async function keepDoing(
  lanes: number,
  ms: number,
  work: (lane: number) => Promise<unknown>,
): Promise<number[]> {
  const start = performance.now();
  const done: number[] = [];
  const run = async (lane: number) => {
    while (performance.now() - start < ms) {
      await work(lane);
      done.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  return done;
}

/** How often a second it was done while every lane was at work: between the first end after the lead and the last in time. */
export function rateOf(done: number[], leadMs: number, countedMs: number): number {
  const counted = done.filter((ms) => ms > leadMs && ms < leadMs + countedMs);
  const [first = 0, last = 0] = [counted[0], counted.at(-1)];
  return ((counted.length - 1) * 1000) / (last - first);
}

/** Prints how much longer a page took than when nothing else went on. */
export function printRatios(label: string, busy: number[], idle: number[]): void {
  for (const share of [0.5, 0.99]) {
    const [during, before] = [percentile(busy, share), percentile(idle, share)];
    console.log(
      `    ${label.padEnd(12)} p${share * 100}: ${during.toFixed(1)} ms against ${before.toFixed(1)} ms, ` +
        `${(during / before).toFixed(1)} times (${busy.length} and ${idle.length} loads)`,
    );
  }
}
