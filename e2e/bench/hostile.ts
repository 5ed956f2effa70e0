import { setTimeout as delay } from "node:timers/promises";
import { newAddress } from "../support/visitor";
import { type Answer, type Attempt, agent, exchange, logInOnce, loginForm, PASSWORD } from "./tools";

/** How the hostile process is told what to do, as JSON in its one argument. */
export type Orders = { origin: string; perSecond: number; seconds: number } & (
  | {
      /** Wrong passwords. Whether each comes from an address of its own, or all from one. */
      addresses: "one" | "many";
      /** Someone with an account here, at whom every tenth login is aimed. */
      target: string;
    }
  /** Right passwords of these accounts, all from one address, with each from so many browsers that it knows. */
  | { accounts: string[]; browsers: number }
);

/** What it reports on its last line, as JSON. */
export interface Report {
  sent: number;
  /** How many got which answer: "refused", "throttled", another status, or why there was none. */
  answers: Record<string, number>;
  /** The time in which it sent them all, in seconds: longer than ordered where the machine has no time left. */
  seconds: number;
}

/** Logins are sent in handfuls, this many milliseconds apart. */
const TICK_MS = 25;

/**
 * Sends logins at an even rate, whether or not they are answered, and stops after the seconds it was given. Only ever at
 * this machine. Says "started" on a line of its own, and the {@link Report} when all are answered.
 */
async function attack(orders: Orders): Promise<void> {
  const { origin, perSecond } = orders;
  if (new URL(origin).hostname !== "localhost") throw new Error("hostile to this machine only");
  const attempts = "accounts" in orders ? await rightLogins(orders) : wrongLogins(orders);
  const makeLogin = await loginForm(origin);
  const logins = await Promise.all(attempts.map(makeLogin));

  console.log("started");
  const start = performance.now();
  const under: Promise<Answer>[] = [];
  while (under.length < logins.length) {
    const due = Math.min(logins.length, Math.ceil(((performance.now() - start) / 1000) * perSecond));
    for (const login of logins.slice(under.length, due)) {
      const answer = exchange(origin, login);
      answer.catch(() => {}); // awaited when all are sent
      under.push(answer);
    }
    await delay(TICK_MS);
  }
  const report: Report = { sent: under.length, answers: {}, seconds: (performance.now() - start) / 1000 };
  for (const answer of await Promise.allSettled(under)) {
    const what = answer.status === "fulfilled" ? nameOf(answer.value) : `no answer (${answer.reason.code})`;
    report.answers[what] = (report.answers[what] ?? 0) + 1;
  }
  console.log(JSON.stringify(report));
  agent.destroy();
}

function wrongLogins(orders: Extract<Orders, { target: string }>): Attempt[] {
  const { perSecond, seconds, addresses, target } = orders;
  const address = newAddress();
  return Array.from({ length: perSecond * seconds }, (_, index) => ({
    email: index % 10 === 0 ? target : `${addresses}-${index}@example.com`,
    password: "not the password at all",
    address: addresses === "one" ? address : newAddress(),
  }));
}

/** Logs in with every browser once, and then has them take turns. */
async function rightLogins(orders: Extract<Orders, { accounts: string[] }>): Promise<Attempt[]> {
  const { origin, perSecond, seconds, accounts } = orders;
  const address = newAddress();
  const attempts: Attempt[] = [];
  for (const email of accounts)
    for (let browser = 1; browser <= orders.browsers; browser++)
      attempts.push({ email, password: PASSWORD, address, cookie: await logInOnce(origin, email) });
  return Array.from(
    { length: perSecond * seconds },
    (_, index) => attempts[index % attempts.length] as Attempt,
  );
}

function nameOf({ status, isThrottled }: Answer): string {
  if (status !== 200) return String(status);
  return isThrottled ? "throttled" : "refused";
}

const [, , orders] = process.argv;
if (orders) await attack(JSON.parse(orders));
