/**
 * Writes both Prisma clients into prisma/client: `jiti prisma/offline/generate.ts`. Works offline on a fresh clone; answers at
 * once when what is there already belongs to this schema and this version of Prisma.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inPrisma, type Provider, providers, schemaFor, schemaPaths } from "./schema";

const require = createRequire(import.meta.url);

/** After so many milliseconds a lock belongs to a process that was killed; generating takes two or three seconds. */
const LOCK_STALE_MS = 60_000;

/**
 * Generates the clients that are missing or stale.
 * @returns the providers generated; empty: all were current
 * @throws Error with Prisma's own words when it refuses the schema
 */
export function generateClients(): Provider[] {
  if (providers.every(isCurrent)) return [];
  return exclusively(() => providers.filter((provider) => !isCurrent(provider)).map(generate));
}

/** True when the client there was made from today's schema by today's Prisma. */
function isCurrent(provider: Provider): boolean {
  const path = stampPath(provider);
  return existsSync(path) && readFileSync(path, "utf8") === stampOf(schemaFor(provider));
}

function generate(provider: Provider): Provider {
  const schema = schemaFor(provider);
  if (provider !== "sqlite") {
    mkdirSync(dirname(schemaPaths[provider]), { recursive: true });
    writeFileSync(schemaPaths[provider], schema);
  }
  rmSync(stampPath(provider), { force: true }); // half a client must never pass for a whole one
  runPrismaGenerate(schemaPaths[provider]);
  writeFileSync(stampPath(provider), stampOf(schema));
  return provider;
}

/** Works while no other process does: several may be started on a fresh clone at once, and Prisma trips over itself. */
function exclusively<T>(work: () => T): T {
  const lock = inPrisma("client/.lock");
  mkdirSync(dirname(lock), { recursive: true });
  while (!made(lock)) {
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LOCK_STALE_MS) rmSync(lock, { recursive: true, force: true });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100); // sleeps for 100 ms
  }
  try {
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Makes the folder; false when it is there already. */
function made(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function stampPath(provider: Provider): string {
  return inPrisma(`client/${provider}/.made-from`);
}

/** What a client is made from: the schema, and the Prisma that turns it into code. */
function stampOf(schema: string): string {
  const { version } = require("prisma/package.json") as { version: string };
  return createHash("sha256").update(`${version}\n${schema}`).digest("hex");
}

function runPrismaGenerate(schemaPath: string): void {
  const cli = join(dirname(require.resolve("prisma/package.json")), "build", "index.js");
  const args = [
    cli,
    "generate",
    "--no-hints",
    "--config",
    inPrisma("prisma.config.ts"),
    "--schema",
    schemaPath,
  ];
  const run = spawnSync(process.execPath, args, { encoding: "utf8", cwd: inPrisma("..") });
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error(`prisma generate failed:\n${run.stdout}${run.stderr}`);
}

if (process.argv[1] === import.meta.filename) {
  const made = generateClients();
  console.log(
    made.length > 0 ? `Generated the clients for ${made.join(" and ")}.` : "The clients are current.",
  );
}
