import { setTimeout as delay } from "node:timers/promises";
import { newAddress } from "../support/visitor";
import { type Answer, agent, exchange, loginForm } from "./tools";

/** How the hostile process is told what to do, as JSON in its one argument. */
export interface Orders {
  origin: string;
  perSecond: number;
  seconds: number;
  /** Whether each login comes from an address of its own, or all from one. */
  addresses: "one" | "many";
  /** Someone with an account here, at whom every tenth login is aimed. */
  target: string;
}

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
 * Sends wrong logins at an even rate, whether or not they are answered, and stops after the seconds it was given. Only
 * ever at this machine. Says "started" on a line of its own, and the {@link Report} when all are answered.
 */
async function attack({ origin, perSecond, seconds, addresses, target }: Orders): Promise<void> {
  if (new URL(origin).hostname !== "localhost") throw new Error("hostile to this machine only");
  const makeLogin = await loginForm(origin);
  const address = newAddress();
  const logins = await Promise.all(
    Array.from({ length: perSecond * seconds }, (_, index) =>
      makeLogin({
        email: index % 10 === 0 ? target : `${addresses}-${index}@example.com`,
        password: "not the password at all",
        address: addresses === "one" ? address : newAddress(),
      }),
    ),
  );

  console.log("started");
  const start = performance.now();
  const under: Promise<Answer>[] = [];
  while (under.length < logins.length) {
    const due = Math.min(logins.length, Math.ceil(((performance.now() - start) / 1000) * perSecond));
    for (const login of logins.slice(under.length, due)) under.push(exchange(origin, login));
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

function nameOf({ status, isThrottled }: Answer): string {
  if (status !== 200) return String(status);
  return isThrottled ? "throttled" : "refused";
}

const [, , orders] = process.argv;
if (orders) await attack(JSON.parse(orders));
