import { setTimeout as delay } from "node:timers/promises";
import { startChild } from "./child";
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
  percentile,
  printRatios,
  registerAll,
} from "./tools";

const HOSTILE_PER_SECOND = 200;
const SECONDS = 10;

/** Accounts of one network that log in, rightly and without pause. */
const ACCOUNTS = [1, 10, 50];

/** Browsers that know such an account, and the logins a second with each. */
const BROWSERS = 6;
const PER_BROWSER = 5;

/** Honest people who meanwhile log in one after the other; so many that none is near the limit of an account. */
const HONEST = 12;

/** Between two logins of the one honest user, in milliseconds. */
const LOGIN_PAUSE_MS = 500;

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
  const [email = "", other = ""] = await registerAll(origin, ["honest-user", "reader"]);
  const cookie = await logInOnce(origin, email);
  const logIn = await (await loginForm(origin))({ email, password: PASSWORD, cookie });

  const look = async (until: Promise<unknown>): Promise<Seen> => {
    const [login, account, logins] = await Promise.all([
      latencies(() => exchange(origin, { path: "/login" }), until),
      // Of another account: so many logins as there are here end its older sessions.
      latencies(() => exchange(origin, { path: "/account", headers: { cookie: reader } }), until),
      honestLogins(() => exchange(origin, logIn), until),
    ]);
    return { login, account, ...logins };
  };
  const reader = await logInOnce(origin, other);

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
    console.log(
      `  from ${addresses} address${addresses === "many" ? "es" : ""}: ${sent} in ${seconds.toFixed(1)} s: ${told(answers)}`,
    );
    printRatios("GET /login", busy.login, idle.login);
    printRatios("GET /account", busy.account, idle.account);
    const tried = busy.entered.length + busy.refused;
    console.log(
      `    honest logins, known browser: ${busy.entered.length} of ${tried} got in, ${busy.refused} were asked to come back; ` +
        `median ${median(busy.entered).toFixed(0)} ms against ${median(idle.entered).toFixed(0)} ms`,
    );
  }
  await benchRightLogins(origin);
}

/**
 * (d) what honest people see while accounts of one network log in with the right passwords, each from six known browsers,
 * five times a second with each. The bar: none is turned away; 95 % of known browsers are in within 2 s, of strangers
 * within 5 s.
 */
async function benchRightLogins(origin: string): Promise<void> {
  const honest = await registerAll(origin, names("honest", HONEST));
  // Others each time, none of which is near the limit of an account.
  const hostile = await registerAll(
    origin,
    names(
      "hostile",
      ACCOUNTS.reduce((sum, count) => sum + count),
    ),
  );
  const cookies = await Promise.all(honest.map((email) => logInOnce(origin, email)));
  const makeLogin = await loginForm(origin);
  for (const count of ACCOUNTS) {
    const accounts = hostile.splice(0, count);
    const perSecond = count * BROWSERS * PER_BROWSER;
    const attack = startHostile({ origin, perSecond, seconds: 2 * SECONDS, accounts, browsers: BROWSERS });
    await attack.started;
    let turn = 0;
    const logIn = async (isKnown: boolean) => {
      const index = turn++ % HONEST;
      const attempt = { email: honest[index] ?? "", password: PASSWORD };
      return exchange(origin, await makeLogin(isKnown ? { ...attempt, cookie: cookies[index] } : attempt));
    };
    const until = delay(2 * SECONDS * 1000);
    const [known, strangers] = await Promise.all([
      honestLogins(() => logIn(true), until),
      honestLogins(() => logIn(false), until),
    ]);
    const { sent, answers, seconds } = await attack.report;
    console.log(
      `  ${count} accounts of one address: ${sent} right logins in ${seconds.toFixed(1)} s: ${told(answers)}`,
    );
    for (const [who, { entered, refused }] of [
      ["known browsers", known],
      ["strangers", strangers],
    ] as const)
      console.log(
        `    honest ${who}: ${entered.length} got in, ${refused} were asked to come back; ` +
          `p50 ${percentile(entered, 0.5).toFixed(0)} ms, p95 ${percentile(entered, 0.95).toFixed(0)} ms`,
      );
  }
}

function names(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index}`);
}

function told(answers: Report["answers"]): string {
  return Object.entries(answers)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ");
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

function startHostile(orders: Orders): { started: Promise<void>; report: Promise<Report> } {
  const nextLine = startChild("hostile.ts", orders);
  const started = nextLine().then(() => {});
  const report = started.then(async () => JSON.parse(await nextLine()) as Report);
  report.catch(() => {}); // awaited later
  return { started, report };
}
