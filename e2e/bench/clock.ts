import { setTimeout as delay } from "node:timers/promises";
import { BURST_LIMITS, EMAIL_LIMITS, LOGIN_LIMITS } from "../../lib/testing/product";
import { setUpApp } from "../support/authenticator";
import { newAddress, Visitor } from "../support/visitor";
import {
  type Answer,
  type Attempt,
  exchange,
  formAt,
  loginForm,
  median,
  PASSWORD,
  registerAll,
} from "./tools";

const PAIRS = 200;

/** Of answers that cost no hash: a tenth of a millisecond more or less is 2 % of them. */
const SHORT_PAIRS = 4 * PAIRS;

/** Accounts among which the failures are spread: each has fewer than the 100 in a row that shut it. */
const ACCOUNTS = 10;

/** Between two forms of one network, in milliseconds: a little more than the burst limit asks for. */
const FORM_EVERY_MS = (1.1 * BURST_LIMITS.windowSeconds * 1000) / BURST_LIMITS.forms;

/** Bins of the histograms whose common area is printed, each with as many of all the times together. */
const BINS = 10;

/** Within it the medians must be alike. */
const TOLERANCE = 0.05;

const WRONG = "not the password at all";
/** One byte more than bcrypt looks at. */
const OVER_LONG = "x".repeat(73);

/** Accounts with a second factor, whose emails are as long as the others; answers the emails. */
async function newcomersWithApp(origin: string): Promise<string[]> {
  const emails = await registerAll(
    origin,
    Array.from({ length: ACCOUNTS }, (_, index) => `apped-${index}`),
  );
  for (const email of emails) {
    const visitor = new Visitor(origin);
    await visitor.submit("/login", { email, password: PASSWORD });
    await setUpApp(visitor);
  }
  return emails;
}

/** (c) whether the time of an answer tells an unknown email, a wrong password, an over-long one and a second factor apart. */
export async function benchClock(origin: string): Promise<void> {
  const makeLogin = await loginForm(origin);
  const names = Array.from({ length: ACCOUNTS }, (_, index) => `clock-${index}`);
  const emails = await registerAll(origin, names);
  const send = async (attempt: Attempt) => exchange(origin, await makeLogin(attempt));
  const refused = async (attempt: Attempt): Promise<number> => {
    const { status, isThrottled, ms } = await send(attempt);
    if (status !== 200 || isThrottled) throw new Error(`a refused login was answered ${status}`);
    return ms;
  };

  // Every attempt comes from an address of its own, and all emails are equally long.
  const knownEmail = (index: number) => emails[index % ACCOUNTS] ?? "";
  const unknownEmail = (index: number) => `nil-${String(index).padStart(3, "0")}@example.com`;
  const withApp = await newcomersWithApp(origin);
  const times = {
    unknown: [] as number[],
    wrong: [] as number[],
    overLong: [] as number[],
    withApp: [] as number[],
  };
  const attempts = [
    async (index: number) =>
      times.unknown.push(await refused({ email: unknownEmail(index), password: WRONG })),
    async (index: number) => times.wrong.push(await refused({ email: knownEmail(index), password: WRONG })),
    async (index: number) =>
      times.overLong.push(await refused({ email: knownEmail(index), password: OVER_LONG })),
    async (index: number) =>
      times.withApp.push(await refused({ email: withApp[index % withApp.length] ?? "", password: WRONG })),
  ];

  for (let warmUp = 0; warmUp < 10; warmUp++)
    await refused({ email: unknownEmail(900 + warmUp), password: WRONG });
  // Interleaved, each of the four as often first as last: a slow spell meets them all.
  for (let index = 0; index < PAIRS; index++)
    for (let step = 0; step < attempts.length; step++)
      await attempts[(index + step) % attempts.length]?.(index);

  const throttled = await throttledPairs(send, knownEmail(0), unknownEmail(999));
  const forgotten = await forgottenPairs(origin);

  console.log(
    `\n(c) the clock: ${PAIRS} interleaved pairs of answers, ${SHORT_PAIRS} of forgotten, medians alike within 5 %`,
  );
  console.log("    by chance alone, alike: AUC from 0.44 to 0.56, common area about 0.88");
  printPairs("unknown email / wrong password", times.unknown, times.wrong);
  printPairs("over-long / wrong password", times.overLong, times.wrong);
  printPairs("with a second factor / without", times.withApp, times.wrong);
  printPairs("throttled: unknown / known email", throttled.unknown, throttled.known);
  printPairs("forgotten: unknown / known email", forgotten.unknown, forgotten.known);
}

/** The same for two addresses that have failed too often, one with an account and one without. */
async function throttledPairs(
  send: (attempt: Attempt) => Promise<Answer>,
  known: string,
  unknown: string,
): Promise<{ known: number[]; unknown: number[] }> {
  const sides = [
    { email: known, password: WRONG, address: newAddress() },
    { email: unknown, password: WRONG, address: newAddress() },
  ];
  for (const side of sides)
    for (let failures = 0; failures < LOGIN_LIMITS.failuresBeforeWait; failures++) await send(side);

  const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
  for (let index = 0; times.known.length < PAIRS; index++) {
    const answers = new Map<string, Answer>();
    await delay(FORM_EVERY_MS);
    for (const side of index % 2 === 0 ? sides : sides.toReversed())
      answers.set(side.email, await send(side));
    const [ofKnown, ofUnknown] = [answers.get(known), answers.get(unknown)];
    // An attempt after the wait is one like any other, and begins a longer wait; its pair does not count.
    if (!ofKnown?.isThrottled || !ofUnknown?.isThrottled) continue;
    times.known.push(ofKnown.ms);
    times.unknown.push(ofUnknown.ms);
  }
  return times;
}

/** Asks for new passwords, as often at each address as it may: for addresses with an account and without. */
async function forgottenPairs(origin: string): Promise<{ known: number[]; unknown: number[] }> {
  const makeRequest = await formAt(origin, "/forgot-password");
  const count = Math.ceil(SHORT_PAIRS / EMAIL_LIMITS.perAddress);
  const names = Array.from({ length: count }, (_, index) => `lost-${String(index).padStart(3, "0")}`);
  const sides = {
    known: await registerAll(origin, names),
    unknown: names.map((name) => `${name.replace("lost", "none")}@example.com`),
  };
  const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
  const ask = async (side: keyof typeof sides, index: number) => {
    const { status, ms } = await exchange(
      origin,
      await makeRequest({ email: sides[side][index % count] ?? "" }),
    );
    if (status !== 303) throw new Error(`a request for a new password was answered ${status}`);
    times[side].push(ms);
  };
  for (let index = 0; index < SHORT_PAIRS; index++)
    for (const side of index % 2 === 0 ? (["known", "unknown"] as const) : (["unknown", "known"] as const))
      await ask(side, index);
  return times;
}

function printPairs(label: string, one: number[], other: number[]): void {
  const ratio = median(one) / median(other);
  const verdict = Math.abs(ratio - 1) <= TOLERANCE ? "within 5 %" : "MORE THAN 5 % APART";
  console.log(
    `    ${label.padEnd(33)} ${median(one).toFixed(1)} ms / ${median(other).toFixed(1)} ms = ${ratio.toFixed(3)}, ${verdict}; ` +
      `AUC ${areaUnderCurve(one, other).toFixed(3)}, common area ${commonArea(one, other).toFixed(2)}`,
  );
}

/** How often a time of the one is longer than a time of the other (Mann and Whitney): 0.5 tells nothing, 0 and 1 all. */
function areaUnderCurve(one: number[], other: number[]): number {
  let longer = 0;
  for (const a of one) for (const b of other) longer += a > b ? 1 : a === b ? 0.5 : 0;
  return longer / (one.length * other.length);
}

/** What the two histograms have in common: 1 when they are the same, 0 when no time of the one is in a bin of the other. */
function commonArea(one: number[], other: number[]): number {
  const all = [...one, ...other].toSorted((a, b) => a - b);
  const edges = Array.from(
    { length: BINS - 1 },
    (_, bin) => all[Math.floor(((bin + 1) * all.length) / BINS)] ?? 0,
  );
  const histogram = (values: number[]) => {
    const bins = new Array<number>(BINS).fill(0);
    for (const value of values) {
      const bin = edges.filter((edge) => value >= edge).length;
      bins[bin] = (bins[bin] ?? 0) + 1 / values.length;
    }
    return bins;
  };
  const [ours, theirs] = [histogram(one), histogram(other)];
  return ours.reduce((sum, height, bin) => sum + Math.min(height, theirs[bin] ?? 0), 0);
}
