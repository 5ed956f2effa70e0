import { execFileSync } from "node:child_process";
import { chownSync, copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openDatabase } from "../../lib/testing/look-in";
import { findRunner, type Runner } from "../../lib/testing/postgres";
import { getProgram } from "../../lib/testing/programs";
import { cleanUpAfterMe } from "../../lib/testing/watchdog";
import { freePort } from "./server";

const DEPLOY = join(import.meta.dirname, "../../.github/deploy");

/** How long a program may take until it answers, in milliseconds; it takes some ten. */
const START_TIMEOUT_MS = 20_000;

/** A program that stands before or behind the instances, as the samples for operators set it up. */
export interface Neighbour {
  stop(): Promise<void>;
}

export interface FrontProxy extends Neighbour {
  /** Where visitors find it. */
  origin: string;
  /** What its certificate, which it has signed itself, is trusted by. */
  certificate: string;
}

export interface Pooler extends Neighbour {
  /** The database, through the pooler. */
  databaseUrl: string;
}

/**
 * A sample, with what is an operator's own put in its place.
 * @throws Error when the sample has no such text: then the story would try something else than operators read
 */
function sample(name: string, own: [text: string, instead: string][]): string {
  return own.reduce(
    (text, [asked, instead]) => {
      if (!text.includes(asked)) throw new Error(`${name} has no ${asked}`);
      return text.replaceAll(asked, instead);
    },
    readFileSync(join(DEPLOY, name), "utf8"),
  );
}

/** nginx by the sample, before instances on these two ports. @throws Error where nginx cannot be had */
export async function startNginx(instances: [string, string]): Promise<FrontProxy> {
  const [nginx, openssl] = [getProgram("nginx"), getProgram("openssl")];
  const { folder, stop } = openFolder("nginx", {});
  const [key, certificate] = [join(folder, "acme.key"), join(folder, "acme.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  run(openssl, ["req", "-x509", ...curve, ...name, "-days", "2", "-keyout", key, "-out", certificate]);

  const port = await freePort();
  const site = sample("nginx.conf", [
    ["127.0.0.1:3000", `127.0.0.1:${instances[0]}`],
    ["127.0.0.1:3001", `127.0.0.1:${instances[1]}`],
    ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
    ["listen 80", `listen 127.0.0.1:${await freePort()}`],
    ["accounts.example.com", "localhost"],
    ["/etc/ssl/acme.pem", certificate],
    ["/etc/ssl/acme.key", key],
    ["/etc/nginx/acme", folder],
  ]);
  writeFileSync(join(folder, "acme.conf"), site);
  copyFileSync(join(DEPLOY, "unavailable.html"), join(folder, "unavailable.html"));
  // What Debian's own nginx.conf says around it, in this folder.
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${kind};`,
  );
  writeFileSync(
    join(folder, "nginx.conf"),
    `user ${userInfo().username};
worker_processes 2;
pid pid;
error_log log;
events { worker_connections 768; }
http {
  types { text/html html; }
  access_log off;
  gzip on;
  ${temporary.join("\n  ")}
  include acme.conf;
}`,
  );
  run(nginx, ["-p", folder, "-c", "nginx.conf"]);
  return { origin: `https://localhost:${port}`, certificate: readFileSync(certificate, "utf8"), stop };
}

/** PgBouncer by the sample, before the server of this database. @throws Error where PgBouncer cannot be had */
export async function startPgBouncer(databaseUrl: string): Promise<Pooler> {
  const pgbouncer = getProgram("pgbouncer");
  const runner = findRunner();
  const { folder, stop } = openFolder("pgbouncer", runner);
  const { hostname, port, username, pathname } = new URL(databaseUrl);
  const own = await freePort();
  const settings = sample("pgbouncer.ini", [
    [
      "acme = host=db.example.com port=5432 dbname=acme",
      `acme = host=${hostname} port=${port} dbname=${pathname.slice(1)}`,
    ],
    ["listen_port = 6432", `listen_port = ${own}`],
    ["/var/log/postgresql", folder],
    ["/var/run/postgresql/pgbouncer.pid", join(folder, "pid")],
    ["/etc/pgbouncer", folder],
    ["verify-full", "disable"],
  ]);
  writeFileSync(join(folder, "pgbouncer.ini"), settings);
  writeFileSync(join(folder, "userlist.txt"), `"${username}" "password"\n`);
  run(pgbouncer, ["-d", "-q", join(folder, "pgbouncer.ini")], runner);
  const url = `postgres://${username}:password@127.0.0.1:${own}/acme`;
  await answers(url);
  return { databaseUrl: url, stop };
}

/** A folder for what a program keeps; its end comes with the end of this process, and with that of the folder. */
function openFolder(name: string, { uid, gid }: Runner): { folder: string; stop(): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), `latchkey-${name}-`));
  if (uid !== undefined) chownSync(folder, uid, gid ?? uid);
  const end = `kill "$(cat '${join(folder, "pid")}')"`;
  return { folder, stop: cleanUpAfterMe({ uid, gid, folder, command: ["/bin/sh", "-c", end] }) };
}

/** @throws Error with what the program has said, where it fails */
function run(program: string, args: string[], runner: Runner = {}): void {
  execFileSync(program, args, { ...runner, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
}

async function answers(databaseUrl: string): Promise<void> {
  for (const end = Date.now() + START_TIMEOUT_MS; ; await delay(20))
    try {
      await openDatabase(databaseUrl).query("SELECT 1");
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
}
