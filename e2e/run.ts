import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { readStories, readUnitTests, slowestFiles, slowestStories, type Timing } from "./reports";
import { findUnshown, proofsIn } from "./requirements";
import { getBrowser } from "./support/browser";
import { buildAmongCanaries } from "./support/build";

/**
 * The whole proof in one command: `jiti e2e/run.ts` runs everything, `jiti e2e/run.ts unit stories` only those steps, and
 * `jiti e2e/run.ts build main` the stories of the main job alone.
 * Every step runs, whatever failed before it, unless it has nothing to stand on; the last line has the true totals.
 * The unit tests run beside the build and the stories, in what these leave of the cores while they wait for emails and servers.
 */

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, "e2e/.results");
const UNIT_REPORT = join(RESULTS, "unit.json");
const STORIES_REPORT = join(RESULTS, "stories.json");
const REQUIREMENTS = join(ROOT, ".github/REQUIREMENTS.md");

/** How many of the slowest are named after a step. */
const SLOWEST_FILES = 10;
const SLOWEST_STORIES = 20;

interface Totals {
  passed: number;
  failed: number;
}

interface Step {
  name: string;
  /** The step without which this one makes no sense: it is not run when that failed. */
  needs?: string;
  /** Steps whose results this one looks at. */
  looksAt?: string[];
  /** True for a step that runs only when it is named. */
  isExtra?: boolean;
  /** True for a step that runs beside those after it, up to one that looks at its results; what it prints comes then. */
  isBeside?: boolean;
  run: (output: Output) => Promise<Totals>;
}

/** Where a step prints: null for the terminal, at once; else into a list that is printed later. */
type Output = string[] | null;

const steps: Step[] = [
  { name: "clients", run: async () => check(await runTool("jiti", "prisma/offline/generate.ts")) },
  { name: "unit", isBeside: true, run: runUnitTests },
  {
    name: "types",
    run: async () => check((await runTool("next", "typegen")) && (await runTool("tsc", "--noEmit"))),
  },
  { name: "lint", run: async () => check(await runTool("biome", "check")) },
  { name: "drift", run: async () => check(await runTool("jiti", "prisma/offline/migrations.ts", "check")) },
  { name: "build", run: build },
  { name: "stories", needs: "build", run: () => runStories() },
  { name: "main", needs: "build", isExtra: true, run: () => runStories("--grep", "@servers|@next") },
  { name: "requirements", looksAt: ["unit", "stories"], run: checkRequirements },
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

const running = new Set<ChildProcess>();
let isInterrupted = false;

/** How each step went that has ended, in the order of the ends. */
const done = new Map<string, { totals: Totals; ms: number }>();

async function main(): Promise<void> {
  const chosen = process.argv.slice(2);
  const names = steps.map(({ name }) => name);
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    console.error(`There is no step "${unknown}": choose from ${names.join(", ")}.`);
    process.exitCode = 1;
    return;
  }

  // Everything temporary goes in here, so that a step that dies leaves nothing behind.
  const folder = await mkdtemp(join(tmpdir(), "latchkey-test-"));
  await chmod(folder, 0o711); // PostgreSQL runs as another user where we are root
  process.env.TMPDIR = folder;
  process.env.JITI_FS_CACHE = join(folder, "jiti"); // dozens of servers and commands read the same TypeScript
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, interrupt);

  const summary: string[] = [];
  try {
    const wanted = steps.filter((step) => isWanted(step, chosen));
    const beside: Promise<Output>[] = [];
    const untilAllEnd = async () => {
      for (const output of await Promise.all(beside.splice(0))) console.log(output?.join(""));
    };
    for (const step of wanted) {
      if (step.looksAt) await untilAllEnd();
      if (isInterrupted) break;
      const why = reasonToSkip(step);
      if (why !== null) summary.push(`${step.name}: not run, because ${why}`);
      else if (step.isBeside && step !== wanted.at(-1)) beside.push(runStep(step, []));
      else await runStep(step, null);
    }
    await untilAllEnd();
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  const all: Totals = { passed: 0, failed: 0 };
  for (const [name, { totals, ms }] of done) {
    all.passed += totals.passed;
    all.failed += totals.failed;
    summary.push(`${name}: ${inWords(totals)} in ${inSeconds(ms)}`);
  }
  if (isInterrupted) {
    summary.push("interrupted");
    all.failed += 1;
  }
  console.log(`\n${summary.join("\n")}\n\n${inWords(all)}`);
  process.exitCode = all.failed > 0 ? 1 : 0;
}

/** A step that looks at what others did comes with them, chosen or not, and never without. */
function isWanted({ name, looksAt, isExtra = false }: Step, chosen: string[]): boolean {
  const isChosen = (step: string) => chosen.length === 0 || chosen.includes(step);
  if (looksAt) return looksAt.every(isChosen);
  return chosen.length > 0 ? chosen.includes(name) : !isExtra;
}

/** Why a step makes no sense now; null: it does. */
function reasonToSkip({ needs, looksAt = [] }: Step): string | null {
  if (needs && (done.get(needs)?.totals.failed ?? 0) > 0) return `${needs} failed`;
  const missing = looksAt.find((name) => !done.has(name));
  return missing === undefined ? null : `${missing} did not run`;
}

async function runStep({ name, run }: Step, output: Output): Promise<Output> {
  const start = Date.now();
  say(output, `\n── ${name} ${"─".repeat(60 - name.length)}`);
  const totals = await run(output).catch((error: unknown) => {
    say(output, error instanceof Error ? error.message : String(error));
    return { passed: 0, failed: 1 };
  });
  done.set(name, { totals, ms: Date.now() - start });
  return output;
}

function say(output: Output, text: string): void {
  if (output) output.push(`${text}\n`);
  else console.log(text);
}

async function build(): Promise<Totals> {
  await buildAmongCanaries();
  return check(true);
}

async function runUnitTests(output: Output): Promise<Totals> {
  rmSync(UNIT_REPORT, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${UNIT_REPORT}`];
  const isGood = await runToolInto(
    output,
    "vitest",
    "run",
    "--config",
    "lib/testing/vitest.config.ts",
    ...reporters,
  );
  const report = readUnitTests(UNIT_REPORT, ROOT);
  if (!report) return check(false);
  printSlowest(output, "unit test files", slowestFiles(report, SLOWEST_FILES));
  return honest(report, isGood);
}

/** @param chosen options of Playwright that choose among the stories */
async function runStories(...chosen: string[]): Promise<Totals> {
  await getBrowser();
  rmSync(STORIES_REPORT, { force: true });
  const isGood = await runTool("playwright", "test", "--config", "e2e/playwright.config.ts", ...chosen);
  const report = readStories(STORIES_REPORT);
  if (!report) return check(false);
  printSlowest(null, "stories", slowestStories(report, SLOWEST_STORIES));
  return honest(report, isGood);
}

/** Every test that the requirements name as their proof has run and passed. */
async function checkRequirements(): Promise<Totals> {
  const tests = [readUnitTests(UNIT_REPORT, ROOT), readStories(STORIES_REPORT)].flatMap(
    (report) => report?.tests ?? [],
  );
  const proofs = proofsIn(readFileSync(REQUIREMENTS, "utf8"));
  const unshown = findUnshown(proofs, tests);
  for (const { line, file, title } of unshown)
    console.error(`REQUIREMENTS.md:${line}: no passed test is ${file}${title === null ? "" : ` "${title}"`}`);
  return { passed: proofs.length - unshown.length, failed: unshown.length };
}

function printSlowest(output: Output, what: string, timings: Timing[]): void {
  const lines = timings.map(({ name, ms }) => `${inSeconds(ms).padStart(9)}  ${name}`);
  say(output, `\nThe slowest ${what}:\n${lines.join("\n")}`);
}

/** One check, passed or failed. */
function check(isGood: boolean): Totals {
  return isGood ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A runner that ends badly with no failed test has failed all the same. */
function honest({ passed, failed }: Totals, isGood: boolean): Totals {
  return { passed, failed: isGood || failed > 0 ? failed : 1 };
}

function inWords({ passed, failed }: Totals): string {
  return `${passed} passed, ${failed} failed`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

type Tool = keyof typeof TOOLS;

/** Runs a tool that prints on the terminal. True when it ended well. */
function runTool(tool: Tool, ...args: string[]): Promise<boolean> {
  return runToolInto(null, tool, ...args);
}

/** Runs a tool in a process group of its own and ends whatever of the group it leaves. True when it ended well. */
function runToolInto(output: Output, tool: Tool, ...args: string[]): Promise<boolean> {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  const child = spawn(process.execPath, [...TOOLS[tool], ...args], {
    cwd: ROOT,
    env,
    stdio: output ? ["ignore", "pipe", "pipe"] : "inherit",
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text) => output?.push(text));
  if (output && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW); // what runs beside it goes first
  running.add(child);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => {
      running.delete(child);
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    });
    child.once("close", (code) => {
      resolve(code === 0 && !isInterrupted);
    });
  });
}

/** Lets the running tools clean up, which all of them do at an interrupt; a second interrupt ends them at once. */
function interrupt(): void {
  for (const child of running) {
    if (!isInterrupted) child.kill("SIGINT");
    else if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  }
  isInterrupted = true;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty.
  }
}

mkdirSync(RESULTS, { recursive: true });
await main();
