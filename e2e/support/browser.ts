import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type LaunchOptions } from "playwright/test";

/** Where distributions put a Chromium, the likeliest first; the one without windows costs a fraction of a whole browser. */
const SYSTEM_BROWSERS = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/**
 * What a whole browser, unlike Playwright's, draws unseen in every window: the list below the address field costs a
 * process a page. The last of such switches counts, so those that Playwright's own has for a reason of ours stand here too.
 */
const FEATURES_OFF = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "WebUIOmniboxFullPopup",
  "AimEnabled",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "PaintHolding",
  "MediaRouter",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "PreconnectToSearch",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "LensOverlay",
  "ThirdPartyStoragePartitioning",
];

/** A system's browser fetches and reports on its own account; a test run wants silence, and root needs no sandbox. */
const SYSTEM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--disable-features=${FEATURES_OFF}`,
];

/** How long a download or an installation may take, in milliseconds; without a network both fail in seconds. */
const INSTALL_TIMEOUT_MS = 5 * 60_000;

export const NO_BROWSER =
  "No browser to test in: run `npx playwright install --with-deps chromium`, or install Chromium and name it in E2E_CHROMIUM.";

/** How to start each browser that is here, the one to prefer first. One named in E2E_CHROMIUM is the only one. */
export function installedBrowsers(): LaunchOptions[] {
  const named = process.env.E2E_CHROMIUM;
  const paths = named ? [named] : SYSTEM_BROWSERS.filter((path) => existsSync(path));
  const systems = paths.map((executablePath) => ({ executablePath, args: SYSTEM_FLAGS }));
  return !named && existsSync(chromium.executablePath()) ? [{}, ...systems] : systems;
}

/**
 * Sees a browser start, getting one first where none does: Playwright's own, else, as root on Debian or Ubuntu, the
 * distribution's. Leaves its path in E2E_CHROMIUM when it is not the first of {@link installedBrowsers}.
 * @throws Error with {@link NO_BROWSER} when nothing helps.
 */
export async function getBrowser(): Promise<void> {
  if (await findOneThatStarts()) return;
  for (const install of process.env.E2E_CHROMIUM ? [] : [installPlaywrights, installDistributions]) {
    console.log(`No browser starts here; trying ${install.what}.`);
    if (install.run() && (await findOneThatStarts())) return;
  }
  throw new Error(NO_BROWSER);
}

async function findOneThatStarts(): Promise<boolean> {
  for (const [index, options] of installedBrowsers().entries())
    try {
      const browser = await chromium.launch(options);
      await browser.close();
      if (index > 0) process.env.E2E_CHROMIUM = options.executablePath;
      return true;
    } catch (error) {
      console.log(`${options.executablePath ?? "Playwright's browser"} does not start: ${firstLine(error)}`);
    }
  return false;
}

const installPlaywrights = {
  what: "`playwright install chromium`",
  run() {
    const cli = join(createRequire(import.meta.url).resolve("playwright/package.json"), "../cli.js");
    const asRoot = isRoot() && existsSync("/usr/bin/apt-get") ? ["--with-deps"] : [];
    return succeeds(process.execPath, [cli, "install", ...asRoot, "chromium"]);
  },
};

const installDistributions = {
  what: "`apt-get install chromium-headless-shell`, or `chromium` where there is no such package",
  run() {
    if (!isRoot() || !existsSync("/usr/bin/apt-get")) return false;
    const install = (name: string) => succeeds("apt-get", ["install", "-y", "--no-install-recommends", name]);
    return succeeds("apt-get", ["update"]) && (install("chromium-headless-shell") || install("chromium"));
  },
};

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function succeeds(command: string, args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status } = spawnSync(command, args, { stdio: "ignore", timeout: INSTALL_TIMEOUT_MS, env });
  return status === 0;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";
}
