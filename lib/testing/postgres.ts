import { execFile, execFileSync } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { installPackage } from "./programs";
import { cleanUpAfterMe } from "./watchdog";

/** A throw-away PostgreSQL server on a loopback port of its own. */
export interface PostgresServer {
  /** An empty database on it. */
  url: string;
  /** Makes another database and answers its URL. `template`: the database it starts as a copy of. */
  createDatabase(name: string, template?: string): Promise<string>;
  /** Stops the server at once, as a crash would; the data stays. */
  stopServer(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  startAgain(): Promise<void>;
  /** Lets it only read, as a server that another one took over from; or lets it write again. */
  setReadOnly(isReadOnly: boolean): Promise<void>;
  /** Stops the server and removes everything. */
  stop(): Promise<void>;
}

/** A server that follows another one, and may take its place. */
export interface Standby {
  /** The same database on it. */
  url: string;
  /** Ends what it follows with, and lets it write. Resolves when it does. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/** PostgreSQL and PgBouncer will not run as root; then they run as this user. */
export interface Runner {
  uid?: number;
  gid?: number;
}

const run = promisify(execFile);

const OWNER = "latchkey";

const PROGRAMS = ["initdb", "pg_ctl", "pg_basebackup"];

/** Nothing here has to survive a power cut, so nothing waits for the disk; a crash of the server it survives. */
const SETTINGS = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
shared_buffers = 32MB
max_connections = 200
`;

/**
 * Starts a server with the PostgreSQL installed here, or installs it where that is ours to do (root on Debian or
 * Ubuntu). It ends with this process, whichever way that ends.
 *
 * @param kept where the data is, or is made, and stays; null: it goes with the server
 * @throws Error with one sentence on what to do where there is no PostgreSQL
 */
export async function startPostgres(kept: string | null = null): Promise<PostgresServer> {
  const options = ["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  const { port, isNew, pgCtl, start, stop } = await startCluster("initdb", options, kept);
  const urlOf = (name: string) => `postgres://${OWNER}@127.0.0.1:${port}/${name}`;
  const admin = urlOf("postgres");
  const made = isNew ? createDatabase(admin, OWNER) : Promise.resolve(urlOf(OWNER));
  const url = await made.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url,
    createDatabase: (name, template) => createDatabase(admin, name, template),
    stopServer: () => pgCtl("stop", "-m", "immediate", "-s"),
    startAgain: start,
    setReadOnly: (isReadOnly) => configure(admin, "default_transaction_read_only", isReadOnly ? "on" : "off"),
    stop,
  };
}

/**
 * Starts a server that has everything another one has, and follows it.
 * @param url a database of the other one; it is followed by that address
 */
export async function startStandby(url: string): Promise<Standby> {
  const { hostname, port: followed, username } = new URL(url);
  const from = ["-h", hostname, "-p", followed, "-U", username];
  const options = ["-R", "-X", "stream", "-c", "fast", "--no-sync"];
  const { port, pgCtl, stop } = await startCluster("pg_basebackup", [...from, ...options]);
  const own = new URL(url);
  own.port = String(port);
  return { url: own.href, promote: () => pgCtl("promote", "-w", "-s"), stop };
}

/**
 * Lets every commit on a server wait until a standby has it too.
 * @param url a database of the server
 */
export async function commitOnStandbyToo(url: string): Promise<void> {
  await configure(url, "synchronous_standby_names", "*");
}

interface Cluster {
  port: number;
  /** False where it was there before. */
  isNew: boolean;
  pgCtl(...args: string[]): Promise<void>;
  /** Starts it once more. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server on a folder that this program of PostgreSQL fills. */
async function startCluster(
  program: "initdb" | "pg_basebackup",
  args: string[],
  kept: string | null = null,
): Promise<Cluster> {
  const bin = findPostgres() ?? installPostgres();
  const runner = findRunner();
  const folder = mkdtempSync(join(tmpdir(), "latchkey-postgres-"));
  if (runner.uid !== undefined) chownSync(folder, runner.uid, runner.gid ?? runner.uid);

  const data = kept ?? join(folder, "data");
  const isNew = !existsSync(join(data, "PG_VERSION"));
  if (kept !== null && isNew) {
    mkdirSync(kept, { recursive: true, mode: 0o700 });
    if (runner.uid !== undefined) chownSync(kept, runner.uid, runner.gid ?? runner.uid);
  }
  const log = join(folder, "log");
  const options = { ...runner, cwd: folder };
  const pgCtl = async (...args: string[]) => {
    await run(join(bin, "pg_ctl"), ["-D", data, ...args], options);
  };
  const start = async () => {
    await pgCtl("start", "-w", "-t", "30", "-s", "-l", log).catch(() => {
      throw new Error(`PostgreSQL did not start: ${existsSync(log) ? readFileSync(log, "utf8") : "no log"}`);
    });
  };

  const stop = cleanUpAfterMe({
    ...runner,
    folder,
    command: [join(bin, "pg_ctl"), "-D", data, "stop", "-m", kept === null ? "immediate" : "fast", "-s"],
  });
  try {
    if (isNew) await run(join(bin, program), ["-D", data, ...args], options);
    const port = await freePort();
    appendFileSync(join(data, "postgresql.conf"), `${SETTINGS}port = ${port}\n`);
    await start();
    return { port, isNew, pgCtl, start, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Makes a database on the server that `url` belongs to, and answers its URL.
 * @param template the database it starts as a copy of; no one may be connected to it
 */
export async function createDatabase(url: string, name: string, template = "template0"): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version_num: string }>("SHOW server_version_num");
    const isOld = Number(rows[0]?.server_version_num) < 150_000; // knows no other way, and no name for it
    const strategy = isOld ? "" : "STRATEGY FILE_COPY"; // half the work of a copy that goes through the log
    await client.query(`CREATE DATABASE "${name}" TEMPLATE "${template}" ${strategy}`);
  } finally {
    await client.end();
  }
  const created = new URL(url);
  created.pathname = name;
  return created.href;
}

async function configure(url: string, setting: string, value: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(`ALTER SYSTEM SET ${setting} = '${value}'`);
    await client.query("SELECT pg_reload_conf()");
  } finally {
    await client.end();
  }
}

/** The folder of {@link PROGRAMS}: from PATH, else the newest where Debian puts them; null: nowhere. */
function findPostgres(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter).filter(Boolean),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  return folders.find((folder) => PROGRAMS.every((name) => existsSync(join(folder, name)))) ?? null;
}

function installPostgres(): string {
  installPackage("postgresql");
  const bin = findPostgres();
  if (!bin)
    throw new Error(
      `The tests need PostgreSQL: install it (Debian and Ubuntu: sudo apt-get install postgresql; macOS: brew install postgresql@17) and see that ${PROGRAMS.join(", ")} are in PATH.`,
    );
  return bin;
}

/** Who runs what will not run as root: this user itself where that is another one. */
export function findRunner(): Runner {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** A loopback port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
