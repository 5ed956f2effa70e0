import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Orders, Report } from "./hostile";
import {
  type Answer,
  askUntil,
  exchange,
  latencies,
  logInOnce,
  loginForm,
  median,
  PASSWORD,
  printRatios,
  registerAll,
} from "./tools";

const HOSTILE_PER_SECOND = 200;
const SECONDS = 10;

/** Between two logins of the one honest user, in milliseconds. */
const LOGIN_PAUSE_MS = 500;

const JITI = join(import.meta.dirname, "../../node_modules/jiti/lib/jiti-cli.mjs");
const HOSTILE = join(import.meta.dirname, "hostile.ts");

/** What one honest person sees during a part. */
interface Seen {
  login: number[];
  account: number[];
  /** Times of the logins that got in, in milliseconds. */
  entered: number[];
  /** Logins that were asked to come back. */
  refused: number;
}

/** (d) what an honest visitor sees, and whether a user whose browser is known gets in, under hostile logins. */
export async function benchBurst(origin: string): Promise<void> {
  const [email = ""] = await registerAll(origin, ["honest-user"]);
  const cookie = await logInOnce(origin, email);
  const logIn = await (await loginForm(origin))({ email, password: PASSWORD, cookie });

  const look = async (until: Promise<unknown>): Promise<Seen> => {
    const [login, account, logins] = await Promise.all([
      latencies(() => exchange(origin, { path: "/login" }), until),
      // Logging in again with this cookie ends its session, so these are the pages of another browser.
      latencies(() => exchange(origin, { path: "/account", headers: { cookie: reader } }), until),
      honestLogins(() => exchange(origin, logIn), until),
    ]);
    return { login, account, ...logins };
  };
  const reader = await logInOnce(origin, email);

  await look(delay(2_000)); // warm up
  const idle = await look(delay(SECONDS * 1000));
  console.log(`\n(d) ${HOSTILE_PER_SECOND} hostile logins a second for ${SECONDS} s, against idle`);
  for (const addresses of ["one", "many"] as const) {
    const hostile = startHostile({
      origin,
      perSecond: HOSTILE_PER_SECOND,
      seconds: SECONDS,
      addresses,
      target: email,
    });
    await hostile.started;
    const busy = await look(delay(SECONDS * 1000));
    const { sent, answers, seconds } = await hostile.report;
    const told = Object.entries(answers).map(([what, count]) => `${count} ${what}`);
    console.log(
      `  from ${addresses} address${addresses === "many" ? "es" : ""}: ${sent} in ${seconds.toFixed(1)} s: ${told.join(", ")}`,
    );
    printRatios("GET /login", busy.login, idle.login);
    printRatios("GET /account", busy.account, idle.account);
    const tried = busy.entered.length + busy.refused;
    console.log(
      `    honest logins, known browser: ${busy.entered.length} of ${tried} got in, ${busy.refused} were asked to come back; ` +
        `median ${median(busy.entered).toFixed(0)} ms against ${median(idle.entered).toFixed(0)} ms`,
    );
  }
}

async function honestLogins(
  logIn: () => Promise<Answer>,
  until: Promise<unknown>,
): Promise<Pick<Seen, "entered" | "refused">> {
  const answers = await askUntil(until, LOGIN_PAUSE_MS, logIn);
  const unforeseen = answers.find(({ status }) => status !== 303 && status !== 503);
  if (unforeseen) throw new Error(`an honest login was answered ${unforeseen.status}`);
  const entered = answers.filter(({ status }) => status === 303);
  return { entered: entered.map(({ ms }) => ms), refused: answers.length - entered.length };
}

/** A process of its own, so that its work does not slow the server down. */
function startHostile(orders: Orders): { started: Promise<void>; report: Promise<Report> } {
  const child = spawn(process.execPath, [JITI, HOSTILE, JSON.stringify(orders)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the hostile process ended early");
    return String(value);
  };
  const started = nextLine().then(() => {});
  const report = started.then(async () => JSON.parse(await nextLine()) as Report);
  report.catch(() => {}); // awaited later
  return { started, report };
}
