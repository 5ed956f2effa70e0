import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createProbe } from "node:net";
import { parseTrustedProxies } from "../platform/client-address";
import { ConfigurationError } from "../platform/configuration-error";
import { type Env, readEnv } from "../platform/env";
import { log } from "../platform/log";
import { ensureBuild } from "./build";
import { endWithNpm } from "./end-with-npm";
import { endUnstarted } from "./explain";
import { prepareServer } from "./prepare";
import { ROOT } from "./root";
import { createLatchkeyServer } from "./serve";
import { loadSettings } from "./settings-files";

/** Connections that may wait to be taken up: Node's 511 are there in a bad second, and the rest would be dropped unheard. */
const BACKLOG = 4096;

/** How long answers under way, and the work behind them, may take after a signal to stop, in milliseconds. */
const GRACE_MS = 5_000;

/**
 * Starts the app: configuration, secret, database, build, then serves until told to stop. Standard output is the log, a
 * JSON object a line (sentences on a terminal); only a start that fails says why in a sentence, on standard error. In
 * development Next talks to a person in between.
 */
async function start(isDevelopment: boolean): Promise<void> {
  Object.assign(process.env, {
    NODE_ENV: isDevelopment ? "development" : "production",
    NEXT_TELEMETRY_DISABLED: "1",
  });
  process.chdir(ROOT);
  loadSettings(isDevelopment);
  const settings = readEnv(process.env);
  await assertPortIsFree(settings);
  await prepareServer({ knowsClients: true });
  if (!isDevelopment)
    await ensureBuild({
      onBuild: () => log().info("Building the app, which takes up to a minute"),
      onWait: (pid) => log().info(`Waiting for another build (pid ${pid ?? "unknown"})`),
    });

  const { server, close } = await serve(settings, isDevelopment);
  server.listen({ port: settings.port, host: settings.hostname, backlog: BACKLOG });
  await once(server, "listening").catch(explainListening(settings));
  log().info(`Latchkey is ready at ${settings.publicUrl.origin}`);
  stopWhenTold(server, close);
}

/** Our server, with Next behind it; it does not listen yet. */
async function serve(settings: Env, isDevelopment: boolean) {
  const proxies = parseTrustedProxies(settings.trustedProxies ?? "");
  // Loaded only now: Next looks at NODE_ENV while loading.
  const { default: next } = await import("next");
  const app = next({
    dev: isDevelopment,
    dir: ROOT,
    hostname: settings.hostname,
    port: settings.port,
    // Next listens for `upgrade` on the server it is given, else on the one of the first request, and leaves most such
    // requests open for ever. This one gets none, and where nothing listens for them Node treats them as ordinary requests.
    // In development they carry news of edits.
    httpServer: isDevelopment ? undefined : createServer(),
  });
  const server = createLatchkeyServer(
    (request, response) => app.getRequestHandler()(request, response),
    settings,
    { proxies, errorPages: !isDevelopment },
  );
  await app.prepare();
  return { server, close: () => app.close() };
}

/** Finishes what it is at and ends. */
function stopWhenTold(server: Server, close: () => Promise<void>): void {
  const stop = () => {
    server.close(() => void close().finally(() => process.exit(0))); // Next waits for what was put off behind answers
    setTimeout(() => process.exit(0), GRACE_MS).unref();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

/** Asked before the build, which takes a while; the real answer comes when we listen. */
async function assertPortIsFree(settings: Env): Promise<void> {
  const probe = createProbe().listen(settings.port, settings.hostname);
  await once(probe, "listening").catch(explainListening(settings));
  probe.close();
  await once(probe, "close");
}

function explainListening({ port, hostname }: Env) {
  return (error: NodeJS.ErrnoException): never => {
    const where = `port ${port}${hostname ? ` on ${hostname}` : ""}`;
    if (error.code === "EADDRINUSE")
      throw new ConfigurationError(
        `Another program already listens on ${where}: stop it or set PORT to a free one.`,
      );
    throw new ConfigurationError(`Cannot listen on ${where} (${error.code}): check PORT and HOSTNAME.`);
  };
}

endWithNpm();
start(process.argv.includes("--dev")).catch(endUnstarted);
