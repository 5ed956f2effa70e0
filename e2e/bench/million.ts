import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import type { DatabaseKind } from "../../lib/testing/look-in";
import { Mailbox } from "../../lib/testing/mail-sink";
import { createDatabase, startPostgres } from "../../lib/testing/postgres";
import { HashPool } from "../../lib/testing/product";
import { removeFolder, temporaryFolder } from "../../lib/testing/temporary-folder";
import {
  type AppServer,
  environmentOf,
  type ServerKind,
  type Settings,
  startServer,
} from "../support/server";
import { seed } from "./million-rows";
import { type Section, tableOf } from "./report";
import { exchange, formAt, logInOnce, loginForm, median, PASSWORD, spreadOf } from "./tools";

const MANY = 1_000_000;

/** Accounts of the small database. */
const FEW = 100;

/** Accounts whose pages are loaded. */
const READERS = 20;

/** What a database of a million accounts takes, in bytes, and a little more. */
const BYTES_EACH = 7e9;

/** A thing that is done in both databases, and how much longer it may take in the large one. */
const TASKS = [
  { name: "login", times: 8, bar: 1.1 },
  { name: "registration", times: 8, bar: 1.1 },
  { name: "`/account`", times: 40, bar: 1.1 },
  { name: "`/account/sessions`", times: 40, bar: 2 },
  { name: "`/account/history`", times: 40, bar: 2 },
  { name: "clean-up", times: 3, bar: 1.1 },
  { name: "outbox, ten emails", times: 2, bar: 1.1 },
  { name: "outbox, nothing due", times: 4, bar: 1.1 },
] as const;

type TaskName = (typeof TASKS)[number]["name"];

/** A server on one of the two databases. Each task answers what it took, in milliseconds. */
interface Side {
  tasks: Record<TaskName, () => Promise<number>>;
  stop(): Promise<void>;
}

interface Options {
  /** The share of a million accounts. */
  scale: number;
  /** Keeps the large databases, for the next time. */
  folder: string;
  kinds: DatabaseKind[];
  rounds: number;
  serverKind: ServerKind;
}

/**
 * (m) what a million accounts, a million sessions and ten million events cost, against a database that has hardly any.
 * @throws Error where the folder's disk has no room for them
 */
export async function benchMillion({
  scale,
  folder,
  kinds,
  rounds,
  serverKind,
}: Options): Promise<Section[]> {
  const accounts = Math.max(FEW, Math.round(MANY * scale));
  mkdirSync(folder, { recursive: true });
  assertRoom(folder, scale * kinds.filter((kind) => !existsSync(dataOf(folder, kind, accounts))).length);
  console.log(`Large databases are kept in ${folder}: delete it when it is of no more use.`);
  const passwordHash = await new HashPool().run({ password: PASSWORD, cost: 12 });
  const mailbox = new Mailbox();
  await mailbox.start();
  const scratch = await temporaryFolder("bench");
  const sections: Section[] = [];
  try {
    for (const kind of kinds) {
      const databases = await DATABASES[kind](folder, scratch, accounts);
      const sides: Side[] = [];
      try {
        for (const { count, settings } of databases.pair) {
          await (await startServer(settings, { serverKind })).stop(); // migrates it
          console.log(`${kind}, ${count} accounts`);
          await seed(settings.DATABASE_URL, count, passwordHash);
          sides.push(await startSide(settings, serverKind, count, mailbox.settings));
        }
        const [small, large] = sides;
        if (!small || !large) continue;
        const section = { ...HEADS[kind](accounts, rounds), ...(await compare(rounds, small, large)) };
        console.log(`\n${tableOf(section)}\n`);
        sections.push(section);
      } finally {
        for (const side of sides) await side.stop();
        await databases.stop();
      }
    }
  } finally {
    await mailbox.stop();
    await removeFolder(scratch);
  }
  return sections;
}

const headOf = (letter: string, name: string) => (accounts: number, rounds: number) => ({
  letter,
  title: `${accounts} accounts and sessions, ${10 * accounts} events, against ${FEW} accounts: ${name}, ${rounds} rounds`,
});

const HEADS = { sqlite: headOf("m", "SQLite"), postgres: headOf("m'", "PostgreSQL") };

/** Where a large database is kept, with what its server keeps beside it. */
function dataOf(folder: string, kind: DatabaseKind, accounts: number): string {
  return join(folder, `${kind}-${accounts}`);
}

function assertRoom(folder: string, count: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < count * BYTES_EACH)
    throw new Error(`${folder} needs ${(count * BYTES_EACH) / 1e9} GB: name another one by --folder.`);
}

interface Databases {
  /** The small one and the large one. */
  pair: { count: number; settings: Settings & { DATABASE_URL: string; DATA_DIR: string } }[];
  stop(): Promise<void>;
}

const DATABASES: Record<
  DatabaseKind,
  (folder: string, scratch: string, accounts: number) => Promise<Databases>
> = {
  async sqlite(folder, scratch, accounts) {
    const pair = [
      { count: FEW, DATA_DIR: join(scratch, "sqlite") },
      { count: accounts, DATA_DIR: dataOf(folder, "sqlite", accounts) },
    ].map(({ count, DATA_DIR }) => {
      return { count, settings: { DATA_DIR, DATABASE_URL: `file:${join(DATA_DIR, "latchkey.db")}` } };
    });
    return { pair, stop: async () => {} };
  },

  async postgres(folder, scratch, accounts) {
    const server = await startPostgres(join(folder, "postgres"));
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query("DROP DATABASE IF EXISTS small");
    const [large, name] = [new URL(server.url), `accounts_${accounts}`];
    large.pathname = name;
    const { rowCount } = await admin.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    await admin.end();
    if (rowCount === 0) await createDatabase(server.url, name);
    // A database knows the secret it is used with, so that is kept beside it.
    const pair = [
      { count: FEW, url: await createDatabase(server.url, "small"), DATA_DIR: join(scratch, "postgres") },
      { count: accounts, url: large.href, DATA_DIR: dataOf(folder, "postgres", accounts) },
    ].map(({ count, url, DATA_DIR }) => ({ count, settings: { DATA_DIR, DATABASE_URL: url } }));
    return { pair, stop: server.stop };
  },
};

async function startSide(
  settings: Settings,
  serverKind: ServerKind,
  accounts: number,
  mail: Settings,
): Promise<Side> {
  const server = await startServer(settings, { serverKind });
  const secret = { AUTH_SECRET: "a secret for the benchmark, and for nothing else" };
  const passes = startPasses({ ...settings, ...mail, ...secret, LOG_LEVEL: "silent" }, accounts);
  // As if spread over the whole table, and the same number of them whichever it is.
  const emailOf = (nth: number) => `m${Math.floor(((nth % FEW) * accounts) / FEW)}@example.com`;
  return {
    tasks: { ...(await visitorsTasks(server, emailOf)), ...passes.tasks },
    async stop() {
      passes.child.kill();
      await server.stop();
    },
  };
}

async function visitorsTasks({ origin }: AppServer, emailOf: (nth: number) => string) {
  const makeLogin = await loginForm(origin);
  const makeRegistration = await formAt(origin, "/register");
  const cookies: string[] = [];
  for (let nth = 0; nth < READERS; nth++)
    cookies.push(await logInOnce(origin, emailOf(FEW - 1 - nth * (FEW / READERS))));
  const timed = async (request: Parameters<typeof exchange>[1], expected: number) => {
    const { status, ms } = await exchange(origin, request);
    if (status !== expected) throw new Error(`${request.path} was answered ${status}`);
    return ms;
  };
  let [logins, registrations, loads] = [0, 0, 0];
  const page = (path: string) => () => timed({ path, headers: { cookie: cookies[loads++ % READERS] } }, 200);
  return {
    login: async () => timed(await makeLogin({ email: emailOf(logins++), password: PASSWORD }), 303),
    registration: async () => {
      const username = `n${Date.now().toString(36)}${registrations++}`;
      const typed = {
        username,
        email: `${username}@example.com`,
        password: PASSWORD,
        confirmation: PASSWORD,
      };
      return timed(await makeRegistration(typed), 303);
    },
    "`/account`": page("/account"),
    "`/account/sessions`": page("/account/sessions"),
    "`/account/history`": page("/account/history"),
  };
}

/** The background's work, in a process of its own that has nothing else to do or to print. */
function startPasses(settings: Settings, accounts: number) {
  const command = ["lib/cli/run.mjs", "../testing/time-passes", String(accounts)];
  const child: ChildProcess = spawn(process.execPath, command, {
    cwd: join(import.meta.dirname, "../.."),
    env: environmentOf(settings),
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (!child.stdout) throw new Error("a pipe was asked for");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const pass = (name: string) => async () => {
    child.stdin?.write(`${name}\n`);
    const { value, done } = await lines.next();
    const ms = Number(value);
    if (done || Number.isNaN(ms))
      throw new Error(`the ${name} ended early, or printed something else: ${value}`);
    return ms;
  };
  return {
    child,
    tasks: {
      "clean-up": pass("clean-up"),
      "outbox, ten emails": pass("outbox"),
      "outbox, nothing due": pass("looks"),
    },
  };
}

/** Every round does every task in both, in turn: a slow spell meets both. The first one warms up and does not count. */
async function compare(rounds: number, small: Side, large: Side) {
  const measured = TASKS.map((task) => ({ ...task, few: [] as number[], many: [] as number[] }));
  for (let round = 0; round <= rounds; round++)
    for (const { name, times, few, many } of measured) {
      const taken = new Map<Side, number[]>([
        [small, []],
        [large, []],
      ]);
      for (let nth = 0; nth < times; nth++)
        for (const side of (nth + round) % 2 === 0 ? [small, large] : [large, small])
          taken.get(side)?.push(await side.tasks[name]());
      if (round === 0) continue;
      few.push(median(taken.get(small) ?? []));
      many.push(median(taken.get(large) ?? []));
    }
  return {
    unit: "times",
    aim: "at most" as const,
    columns: ["ms of few", "ms of many"],
    bars: measured.map(({ name, bar, few, many }) => {
      const ratios = many.map((ms, round) => ms / (few[round] ?? Number.NaN));
      return { name, ...spreadOf(ratios), bar, more: [median(few).toFixed(1), median(many).toFixed(1)] };
    }),
    notes: [
      "A clean-up deletes 2,000 sessions and 4,000 events from all over the tables, in batches of 500 of which one begins every 100 ms, and erases 5 accounts. The outbox sends its emails one after the other; the other line is 50 looks into it.",
    ],
  };
}
