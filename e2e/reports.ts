import { existsSync, readFileSync } from "node:fs";
import { basename, relative } from "node:path";

/** One test or story as a runner told of it. */
export interface TestRun {
  /** As the requirements name it: "login.spec" for a story, "lib/routes.test" for a unit test. */
  file: string;
  /** The titles around it, the outermost first, and its own at the end. */
  titles: string[];
  /** What it ran on, where that is told. */
  project: string;
  isPassed: boolean;
  ms: number;
}

export interface Report {
  passed: number;
  failed: number;
  tests: TestRun[];
}

/** How long something took. */
export interface Timing {
  name: string;
  ms: number;
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    status: string;
    assertionResults: { ancestorTitles: string[]; title: string; status: string; duration?: number | null }[];
  }[];
}

interface PlaywrightSuite {
  title: string;
  suites?: PlaywrightSuite[];
  specs: {
    title: string;
    tests: { projectName: string; status: string; results: { duration: number }[] }[];
  }[];
}

interface PlaywrightReport {
  suites: PlaywrightSuite[];
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
}

/** What Vitest wrote into `path`; null when it wrote nothing. `root`: the folder that files are named from. */
export function readUnitTests(path: string, root: string): Report | null {
  const report = readJson<VitestReport>(path);
  if (!report) return null;
  // A file that could not even be read has failed without a single test in it.
  const unread = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && assertionResults.every((test) => test.status !== "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unread.length,
    tests: report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ ancestorTitles, title, status, duration }) => ({
        file: withoutEnding(relative(root, name)),
        titles: [...ancestorTitles, title],
        project: "",
        isPassed: status === "passed",
        ms: duration ?? 0,
      })),
    ),
  };
}

/** What Playwright wrote into `path`; null when it wrote nothing. */
export function readStories(path: string): Report | null {
  const report = readJson<PlaywrightReport>(path);
  if (!report) return null;
  const { expected, unexpected, flaky, skipped } = report.stats;
  return {
    passed: expected,
    failed: unexpected + flaky + skipped, // a story that was not told has proved nothing
    tests: report.suites.flatMap((suite) => storiesIn(suite, withoutEnding(basename(suite.title)), [])),
  };
}

function storiesIn({ suites = [], specs }: PlaywrightSuite, file: string, around: string[]): TestRun[] {
  return [
    ...specs.flatMap(({ title, tests }) =>
      tests.map(({ projectName, status, results }) => ({
        file,
        titles: [...around, title],
        project: projectName,
        isPassed: status === "expected",
        ms: results.reduce((sum, { duration }) => sum + duration, 0),
      })),
    ),
    ...suites.flatMap((suite) => storiesIn(suite, file, [...around, suite.title])),
  ];
}

export function slowestStories({ tests }: Report, count: number): Timing[] {
  const timings = tests.map(({ file, titles, project, ms }) => ({
    name: `${file} "${titles.join(" ")}" (${project})`,
    ms,
  }));
  return slowest(timings, count);
}

/** A file that runs on both databases counts with both. */
export function slowestFiles({ tests }: Report, count: number): Timing[] {
  const sums = new Map<string, number>();
  for (const { file, ms } of tests) sums.set(file, (sums.get(file) ?? 0) + ms);
  return slowest(
    [...sums].map(([name, ms]) => ({ name, ms })),
    count,
  );
}

function slowest(timings: Timing[], count: number): Timing[] {
  return timings.toSorted((a, b) => b.ms - a.ms).slice(0, count);
}

function withoutEnding(file: string): string {
  return file.replace(/\.tsx?$/, "");
}

function readJson<Json>(path: string): Json | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Json) : null;
}
