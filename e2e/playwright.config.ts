import { defineConfig, devices } from "playwright/test";
import type { Options } from "./fixtures";
import { installedBrowsers } from "./support/browser";

const desktop = { ...devices["Desktop Chrome"], launchOptions: installedBrowsers()[0] ?? {} };
const phone = { ...devices["Pixel 7"], launchOptions: desktop.launchOptions };

/**
 * Every story is told on a desktop, on SQLite. Tags say where else, for what another run does not show: `@both` on
 * PostgreSQL too, where the database can make a difference; `@postgres` on that alone; `@phone` on a phone; `@no-js`
 * without JavaScript; `@servers` under `next start` and from the standalone output, as well as under our own server; `@next` under
 * `next start` alone, where the output makes no difference.
 */
export default defineConfig<Options>({
  testDir: ".",
  outputDir: ".results/artifacts",
  globalSetup: "./support/global-setup.ts",
  reporter: [["list"], ["json", { outputFile: ".results/stories.json" }]],
  forbidOnly: true,
  retries: 0,
  workers: 4, // more than a small machine has cores: stories wait for servers to start and for emails to come
  // Generous, for a busy machine: hashing alone takes both cores. A story that passes waits for none of this.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  // Nothing moves: a colour that takes its time has the browser draw the page some nine times over.
  use: { screenshot: "only-on-failure", contextOptions: { reducedMotion: "reduce" } },
  projects: [
    // Those with one worker come first: the stories of the last one fill the others to the end.
    { name: "postgres", use: { ...desktop, databaseKind: "postgres" }, grep: /@both|@postgres/, workers: 1 },
    { name: "sqlite-phone", use: { ...phone, databaseKind: "sqlite" }, grep: /@phone/, workers: 1 },
    {
      name: "sqlite-no-js",
      use: { ...desktop, databaseKind: "sqlite", javaScriptEnabled: false },
      grep: /@no-js/,
      workers: 1,
    },
    { name: "next-start", use: { ...desktop, serverKind: "next" }, grep: /@servers|@next/, workers: 1 },
    { name: "standalone", use: { ...desktop, serverKind: "standalone" }, grep: /@servers/, workers: 1 },
    { name: "sqlite", use: { ...desktop, databaseKind: "sqlite" }, grepInvert: /@postgres/ },
  ],
});
