import { type Env, readEnv } from "../platform/env";
import { log } from "../platform/log";
import { type App, createApp, GRACE_MS } from "./app";
import { ensureBuild } from "./build";
import { endWithNpm } from "./end-with-npm";
import { endUnstarted } from "./explain";
import { assertPortIsFree, listen } from "./listen";
import { LINGER_MS, OpenConnections } from "./open-connections";
import { prepareServer } from "./prepare";
import { serveFromWorkers } from "./primary";
import { ROOT } from "./root";
import { loadSettings } from "./settings-files";
import { isOnTerminal } from "./terminal";

/**
 * Starts the app: configuration, secret, database, build, then serves until told to stop, from as many processes as
 * WEB_CONCURRENCY says. Standard output is the log, a JSON object a line (sentences on a terminal); only a start that fails
 * says why in a sentence, on standard error. In development Next talks to a person in between.
 */
async function start(isDevelopment: boolean): Promise<void> {
  Object.assign(process.env, {
    NODE_ENV: isDevelopment ? "development" : "production",
    NEXT_TELEMETRY_DISABLED: "1",
  });
  process.chdir(ROOT);
  loadSettings(isDevelopment);
  const settings = readEnv(process.env);
  const isService = !isDevelopment && !isOnTerminal();
  if (isService) process.on("SIGHUP", () => {}); // a start takes what is there, and must not end at a reload
  await assertPortIsFree(settings);
  await prepareServer({ knowsClients: true });
  if (!isDevelopment) await ensureBuild(TOLD);
  if (settings.processes === 1) await serveAlone(settings);
  else await serveFromWorkers(settings, () => ensureBuild({ ...TOLD, isBeside: true }));
  log().info(`Latchkey is ready at ${settings.publicUrl.origin}`);
  if (isService && settings.processes === 1) process.on("SIGHUP", noteHangup);
}

/** One process cannot be replaced while it serves, and to end would leave a service that was told to reload without it. */
function noteHangup(): void {
  log().warn("SIGHUP replaces no process where WEB_CONCURRENCY is 1: restart the app to take a new build");
}

/** What the log says while a build is made or waited for. */
const TOLD = {
  onBuild: () => log().info("Building the app, which takes up to a minute"),
  onWait: (pid: number | null) => log().info(`Waiting for another build (pid ${pid ?? "unknown"})`),
};

async function serveAlone(settings: Env): Promise<void> {
  const app = await createApp(settings);
  stopWhenTold(app);
  await listen(app.server, settings);
}

/** Finishes what it is at and ends. */
function stopWhenTold({ server, close }: App): void {
  const connections = new OpenConnections(server);
  const stop = async () => {
    setTimeout(() => process.exit(0), GRACE_MS);
    if (server.listening) await connections.end(LINGER_MS);
    await close(); // Next waits for what was put off behind answers
    process.exit(0);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop());
}

endWithNpm();
start(process.argv.includes("--dev")).catch(endUnstarted);
