import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SETTING_NAMES, type SettingName } from "../../lib/testing/product";
import { temporaryFolder } from "../../lib/testing/temporary-folder";
import { installationIn, noteInstallation } from "./cookie-jar";
import { notePrinted, noteSecret } from "./secrets";
import { type Answer, send } from "./visitor";

const ROOT = join(import.meta.dirname, "../..");

/** What the app reads. Blank is unset, and keeps out what the shell or an .env file would say: a database in use, say. */
const BLANK = Object.fromEntries(SETTING_NAMES.map((name) => [name, ""]));

/** How long a start may take, in milliseconds: some 2 s, and a minute or two where it has a build to make. */
const START_TIMEOUT_MS = 180_000;

/** Settings for the app; those not named, or undefined, are unset. */
export type Settings = Partial<Record<SettingName | `OIDC_${string}`, string>>;

export interface AppProcess {
  pid: number | undefined;
  /** All it has printed so far, both streams. */
  output(): string;
  /** Its exit code; null when a signal ended it. */
  exit: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

export interface AppServer extends AppProcess {
  /** As a visitor on this machine sees it. */
  origin: string;
  /** What its cookies' names have in them; empty in development. */
  installation: string;
  dataDir: string;
  databaseUrl: string;
  /** As it was started, to be started once more. */
  settings: Settings;
  /** Ends it and waits for the end. Killed outright when it does not go within 10 s. */
  stop(): Promise<void>;
}

/** What serves the app: `npm start`, `next start`, or the standalone output. */
export const SERVER_KINDS = ["own", "next", "standalone"] as const;

export type ServerKind = (typeof SERVER_KINDS)[number];

/** How to start the app. */
interface Mode {
  serverKind?: ServerKind;
  /** As `npm run dev` does. */
  isDevelopment?: boolean;
  /** The folder of a checkout that has its build; this one where nothing is said. */
  root?: string;
}

const COMMANDS: Record<ServerKind, string[]> = {
  own: ["--max-semi-space-size=32", "lib/cli/run.mjs", "start"],
  next: ["node_modules/next/dist/bin/next", "start"],
  standalone: [".next/standalone/server.js"],
};

/** The environment of this process with these settings and no other ones. */
export function environmentOf(settings: Settings): NodeJS.ProcessEnv {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { ...process.env, ...BLANK, ...Object.fromEntries(given) };
}

/** Starts the app and waits for nothing. */
export function spawnApp(
  settings: Settings,
  { serverKind = "own", isDevelopment = false, root = ROOT }: Mode = {},
): AppProcess {
  const env = environmentOf({ WEB_CONCURRENCY: "1", ...settings }); // each more costs two seconds of a core
  const command = [...COMMANDS[serverKind], ...(isDevelopment ? ["--dev"] : [])];
  const child = spawn(process.execPath, command, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  const keep = (text: Buffer) => {
    printed += text.toString();
    notePrinted(child.pid, text);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return { pid: child.pid, output: () => printed, exit: exitOf(child), kill: (signal) => child.kill(signal) };
}

/**
 * Starts the app on a free port and waits until it answers. Without DATA_DIR in `settings` the folder is a new one, and
 * unless they say otherwise the stories stand where one proxy would: every visitor comes from an address of their own.
 * @throws Error with what it printed when it stops instead.
 */
export async function startServer(settings: Settings = {}, mode?: Mode): Promise<AppServer> {
  const folder = settings.DATA_DIR ?? (await temporaryFolder("data"));
  const dataDir = resolve(mode?.root ?? ROOT, folder);
  const port = settings.PORT ?? String(await freePort());
  const app = spawnApp({ TRUSTED_PROXIES: "1", ...settings, PORT: port, DATA_DIR: folder }, mode);
  const origin = `http://localhost:${port}`;
  const stopped = app.exit.then((code) => {
    throw new Error(`The server stopped with ${code} before it answered:\n${app.output()}`);
  });
  const path = mode?.isDevelopment ? "/robots.txt" : "/api/auth/csrf"; // a server in development compiles what it is asked for
  const answer = await Promise.race([firstAnswer(origin + path, app), stopped]);
  // From here on an end is no longer a failed start.
  stopped.catch(() => {});
  const installation = mode?.isDevelopment ? "" : installationOf(answer);
  if (installation) noteInstallation(origin, installation);
  noteSecret(settings.AUTH_SECRET ?? (await readFile(join(dataDir, "auth-secret"), "utf8")));
  return {
    ...app,
    origin,
    installation,
    dataDir,
    settings: { ...settings, DATA_DIR: dataDir },
    databaseUrl: settings.DATABASE_URL ?? `file:${join(dataDir, "latchkey.db")}`,
    async stop() {
      app.kill("SIGTERM");
      const end = new AbortController();
      const patience = delay(10_000, undefined, { signal: end.signal }).then(() => app.kill("SIGKILL"));
      await app.exit;
      end.abort();
      await patience.catch(() => {});
    },
  };
}

/**
 * A port that is free and that this run gives out once. One the system picks may be picked again, or used by an outgoing
 * connection, before the server that was to have it is up.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + portLane() * PORTS.each + (nextPort++ % PORTS.each);
    if (await isFree(port)) return port;
  }
}

/** Below those the system gives away (32768 and up on Linux), so many for each process of a run. */
const PORTS = { first: 20_000, each: 2_000, lanes: 6 } as const;

let nextPort = randomInt(PORTS.each);

/** Playwright's workers have their numbers; what starts servers beside them has the last lane. */
function portLane(): number {
  const worker = process.env.TEST_PARALLEL_INDEX;
  return worker === undefined ? PORTS.lanes - 1 : Number(worker) % (PORTS.lanes - 1);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}

/** Waits for the first answer of any kind. */
async function firstAnswer(url: string, app: AppProcess): Promise<Answer> {
  const end = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await send(url);
    } catch (error) {
      if (Date.now() > end) throw new Error(`No answer from ${url}:\n${app.output()}`, { cause: error });
    }
    await delay(50);
  }
}

/** As any visitor learns it: from a cookie that everyone gets. */
function installationOf({ setCookies }: Answer): string {
  const [id] = setCookies.flatMap((line) => installationIn(line) ?? []);
  if (!id) throw new Error(`no cookie names the installation: ${setCookies}`);
  return id;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("close", (code) => resolve(code)));
}
