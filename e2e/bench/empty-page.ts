import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeFolder, temporaryFolder } from "../../lib/testing/temporary-folder";
import { buildCheckout, copySources, linkFolder } from "../support/checkout";
import { type AppProcess, freePort, spawnApp } from "../support/server";
import { send } from "../support/visitor";

const ROOT = join(import.meta.dirname, "../..");
const EMPTY_PAGE = join(import.meta.dirname, "empty-page");
const NEXT = "node_modules/next/dist/bin/next";

/** A page of Next's with nothing in it, served. */
export interface EmptyPage {
  origin: string;
  stop(): Promise<void>;
}

/** Builds and serves a page that Next makes for each request and that has a heading and the time: the floor under every page. */
export async function serveEmptyPage(): Promise<EmptyPage> {
  const folder = await temporaryFolder("empty-page");
  cpSync(EMPTY_PAGE, folder, { recursive: true });
  linkFolder(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const run = (...args: string[]) =>
    spawn(process.execPath, [NEXT, ...args], {
      cwd: folder,
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
      stdio: "ignore",
    });
  const [code] = await once(run("build"), "exit");
  if (code !== 0) throw new Error(`the build of the empty page ended with ${code}`);
  const port = await freePort();
  const server = run("start", "--port", String(port));
  const exit = once(server, "exit").then(([code]) => code as number | null);
  return serve(folder, port, { exit, kill: (signal) => server.kill(signal) });
}

/** The same page behind this app's middleware and settings of Next, under `next start`: the floor under every private page. */
export async function serveEmptyPageBehindMiddleware(): Promise<EmptyPage> {
  const folder = await temporaryFolder("guarded-page");
  copySources(folder);
  rmSync(join(folder, "app"), { recursive: true });
  cpSync(join(EMPTY_PAGE, "app"), join(folder, "app"), { recursive: true });
  await buildCheckout(folder);
  const port = await freePort();
  return serve(
    folder,
    port,
    spawnApp({ PORT: String(port), TRUSTED_PROXIES: "1" }, { serverKind: "next", root: folder }),
  );
}

async function serve(
  folder: string,
  port: number,
  server: Pick<AppProcess, "exit" | "kill">,
): Promise<EmptyPage> {
  const origin = `http://localhost:${port}`;
  let end: number | null | undefined;
  const ended = server.exit.then((code) => {
    end = code;
  });
  while (end === undefined && !(await send(origin).catch(() => null)));
  if (end !== undefined) throw new Error(`the empty page's server ended with ${end}`);
  return {
    origin,
    async stop() {
      server.kill("SIGTERM");
      await ended;
      await removeFolder(folder);
    },
  };
}
