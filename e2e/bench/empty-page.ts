import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { removeFolder, temporaryFolder } from "../../lib/testing/temporary-folder";
import { linkFolder } from "../support/checkout";
import { freePort } from "../support/server";
import { send } from "../support/visitor";

const ROOT = join(import.meta.dirname, "../..");
const NEXT = "node_modules/next/dist/bin/next";

/** Next with nothing in it, served. */
export interface EmptyPage {
  origin: string;
  stop(): Promise<void>;
}

/** Builds and serves a page that Next makes for each request and that has a heading and the time: the floor under every page. */
export async function serveEmptyPage(): Promise<EmptyPage> {
  const folder = await temporaryFolder("empty-page");
  cpSync(join(import.meta.dirname, "empty-page"), folder, { recursive: true });
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
  const origin = `http://localhost:${port}`;
  const server = run("start", "--port", String(port));
  const ended = once(server, "exit");
  while (server.exitCode === null && !(await send(origin).catch(() => null)));
  if (server.exitCode !== null) throw new Error(`the empty page's server ended with ${server.exitCode}`);
  return {
    origin,
    async stop() {
      server.kill();
      await ended;
      await removeFolder(folder);
    },
  };
}
