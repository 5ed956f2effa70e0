/**
 * Writes both Prisma clients into prisma/client: `jiti prisma/generate.ts`. Works offline on a fresh clone; answers at
 * once when what is there already belongs to this schema and this version of Prisma.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { inPrisma, type Provider, providers, schemaFor, schemaPaths } from "./schema";

const require = createRequire(import.meta.url);

/**
 * Generates the clients that are missing or stale.
 * @returns the providers generated; empty: all were current
 * @throws Error with Prisma's own words when it refuses the schema
 */
export function generateClients(): Provider[] {
  return providers.filter(generate);
}

/** True when there was something to do. */
function generate(provider: Provider): boolean {
  const schema = schemaFor(provider);
  const stampPath = inPrisma(`client/${provider}/.made-from`);
  const stamp = stampOf(schema);
  if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) return false;

  if (provider !== "sqlite") {
    mkdirSync(dirname(schemaPaths[provider]), { recursive: true });
    writeFileSync(schemaPaths[provider], schema);
  }
  rmSync(stampPath, { force: true }); // half a client must never pass for a whole one
  runPrismaGenerate(schemaPaths[provider]);
  writeFileSync(stampPath, stamp);
  return true;
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
