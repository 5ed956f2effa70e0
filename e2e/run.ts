import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getBrowser } from "./support/browser";
import { buildAmongCanaries } from "./support/build";

/**
 * The whole proof in one command: `jiti e2e/run.ts` runs everything, `jiti e2e/run.ts unit stories` only those steps.
 * Every step runs, whatever failed before it, unless it has nothing to stand on; the last line has the true totals.
 */

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, "e2e/.results");

interface Totals {
  passed: number;
  failed: number;
}

interface Step {
  name: string;
  /** A step that makes no sense when this one failed. */
  needs?: string;
  run: () => Promise<Totals>;
}

const steps: Step[] = [
  { name: "clients", run: async () => check(await runTool("jiti", "prisma/offline/generate.ts")) },
  {
    name: "types",
    run: async () => check((await runTool("next", "typegen")) && (await runTool("tsc", "--noEmit"))),
  },
  { name: "lint", run: async () => check(await runTool("biome", "check")) },
  { name: "drift", run: async () => check(await runTool("jiti", "prisma/offline/migrations.ts", "check")) },
  { name: "unit", run: runUnitTests },
  { name: "build", run: build },
  { name: "stories", needs: "build", run: runStories },
];

/** How to start each tool without a shell or npx in between, so that a signal reaches it. */
const TOOLS = {
  jiti: ["node_modules/jiti/lib/jiti-cli.mjs"],
  next: ["node_modules/next/dist/bin/next"],
  tsc: ["node_modules/typescript/bin/tsc"],
  biome: ["node_modules/@biomejs/biome/bin/biome"],
  vitest: ["node_modules/vitest/vitest.mjs"],
  playwright: ["node_modules/playwright/cli.js"],
};

let running: ChildProcess | null = null;
let isInterrupted = false;

async function main(): Promise<void> {
  const chosen = process.argv.slice(2);
  const names = steps.map(({ name }) => name);
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    console.error(`There is no step "${unknown}": choose from ${names.join(", ")}.`);
    process.exitCode = 1;
    return;
  }

  // Everything temporary goes in here, so that nothing is left behind by whatever dies on the way.
  const folder = await mkdtemp(join(tmpdir(), "latchkey-test-"));
  await chmod(folder, 0o711); // PostgreSQL runs as another user where we are root
  process.env.TMPDIR = folder;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);

  const all: Totals = { passed: 0, failed: 0 };
  const summary: string[] = [];
  const failed = new Set<string>();
  try {
    for (const { name, needs = "", run } of steps) {
      if (isInterrupted || (chosen.length > 0 && !chosen.includes(name))) continue;
      if (failed.has(needs)) {
        summary.push(`${name}: not run, because ${needs} failed`);
        continue;
      }
      console.log(`\n── ${name} ${"─".repeat(60 - name.length)}`);
      const start = Date.now();
      const totals = await run().catch((error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        return { passed: 0, failed: 1 };
      });
      if (totals.failed > 0) failed.add(name);
      all.passed += totals.passed;
      all.failed += totals.failed;
      summary.push(`${name}: ${inWords(totals)} in ${Math.round((Date.now() - start) / 1000)} s`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  if (isInterrupted) {
    summary.push("interrupted");
    all.failed += 1;
  }
  console.log(`\n${summary.join("\n")}\n\n${inWords(all)}`);
  process.exitCode = all.failed > 0 ? 1 : 0;
}

async function build(): Promise<Totals> {
  await buildAmongCanaries();
  return check(true);
}

async function runUnitTests(): Promise<Totals> {
  const file = join(RESULTS, "unit.json");
  rmSync(file, { force: true });
  const isGood = await runTool(
    "vitest",
    "run",
    "--config",
    "lib/testing/vitest.config.ts",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  );
  const report = readReport<{
    numPassedTests: number;
    numFailedTests: number;
    testResults: { status: string; assertionResults: { status: string }[] }[];
  }>(file);
  if (!report) return check(false);
  // A file that could not even be read has failed without a single test in it.
  const unread = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  return honest({ passed: report.numPassedTests, failed: report.numFailedTests + unread.length }, isGood);
}

async function runStories(): Promise<Totals> {
  await getBrowser();
  const file = join(RESULTS, "stories.json");
  rmSync(file, { force: true });
  const isGood = await runTool("playwright", "test", "--config", "e2e/playwright.config.ts");
  const report = readReport<{
    stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  }>(file);
  if (!report) return check(false);
  const { expected, unexpected, flaky, skipped } = report.stats;
  // A story that was not told has proved nothing.
  return honest({ passed: expected, failed: unexpected + flaky + skipped }, isGood);
}

/** One check, passed or failed. */
function check(isGood: boolean): Totals {
  return isGood ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A runner that ends badly with no failed test has failed all the same. */
function honest(totals: Totals, isGood: boolean): Totals {
  return isGood || totals.failed > 0 ? totals : { ...totals, failed: 1 };
}

function inWords({ passed, failed }: Totals): string {
  return `${passed} passed, ${failed} failed`;
}

function readReport<Report>(file: string): Report | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : null;
}

/** Runs a tool in a process group of its own and ends whatever of the group it leaves. True when it ended well. */
function runTool(tool: keyof typeof TOOLS, ...args: string[]): Promise<boolean> {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  const child = spawn(process.execPath, [...TOOLS[tool], ...args], {
    cwd: ROOT,
    env,
    stdio: "inherit",
    detached: true,
  });
  running = child;
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      running = null;
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      resolve(code === 0 && !isInterrupted);
    });
  });
}

/** Lets the tool at work put its things away, which all of them do at an interrupt; a second time ends it at once. */
function interrupt(): void {
  if (running?.pid !== undefined) {
    if (isInterrupted) signalGroup(running.pid, "SIGKILL");
    else running.kill("SIGINT");
  }
  isInterrupted = true;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

mkdirSync(RESULTS, { recursive: true });
await main();
