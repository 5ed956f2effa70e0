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

/** PostgreSQL will not run as root; then everything here runs as this user. */
interface Runner {
  uid?: number;
  gid?: number;
}

const run = promisify(execFile);

const OWNER = "latchkey";

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
  const pgCtl = (...args: string[]) => run(join(bin, "pg_ctl"), ["-D", data, ...args], options);
  const start = async () => {
    await pgCtl("start", "-w", "-t", "30", "-s", "-l", log).catch(() => {
      throw new Error(`PostgreSQL did not start: ${existsSync(log) ? readFileSync(log, "utf8") : "no log"}`);
    });
  };

  const cleanUp = cleanUpAfterMe({
    ...runner,
    folder,
    command: [join(bin, "pg_ctl"), "-D", data, "stop", "-m", kept === null ? "immediate" : "fast", "-s"],
  });
  try {
    const initdb = ["-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    if (isNew) await run(join(bin, "initdb"), initdb, options);
    const port = await freePort();
    appendFileSync(join(data, "postgresql.conf"), `${SETTINGS}port = ${port}\n`);
    await start();

    const urlOf = (name: string) => `postgres://${OWNER}@127.0.0.1:${port}/${name}`;
    const admin = urlOf("postgres");
    return {
      url: isNew ? await createDatabase(admin, OWNER) : urlOf(OWNER),
      createDatabase: (name, template) => createDatabase(admin, name, template),
      stopServer: async () => void (await pgCtl("stop", "-m", "immediate", "-s")),
      startAgain: start,
      setReadOnly: (isReadOnly) => setReadOnly(admin, isReadOnly),
      stop: cleanUp,
    };
  } catch (error) {
    await cleanUp();
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
    await client.query(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
  } finally {
    await client.end();
  }
  const created = new URL(url);
  created.pathname = name;
  return created.href;
}

async function setReadOnly(url: string, isReadOnly: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly ? "on" : "off"}`);
    await client.query("SELECT pg_reload_conf()");
  } finally {
    await client.end();
  }
}

/** The folder of initdb and pg_ctl: from PATH, else the newest where Debian puts them; null: nowhere. */
function findPostgres(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter).filter(Boolean),
    ...versions.map((version) => join(debian, version, "bin")),
  ];
  return (
    folders.find((folder) => ["initdb", "pg_ctl"].every((name) => existsSync(join(folder, name)))) ?? null
  );
}

function installPostgres(): string {
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.log("Installing PostgreSQL for the tests …");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (...args: string[]) => execFileSync("apt-get", ["-qq", ...args], { env, stdio: "inherit" });
    apt("update");
    apt("install", "--yes", "--no-install-recommends", "postgresql");
  }
  const bin = findPostgres();
  if (!bin)
    throw new Error(
      "The tests need PostgreSQL: install it (Debian and Ubuntu: sudo apt-get install postgresql; macOS: brew install postgresql@17) and see that initdb and pg_ctl are in PATH.",
    );
  return bin;
}

function findRunner(): Runner {
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
