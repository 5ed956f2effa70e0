import { once } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import nextEnv from "@next/env";
import { parseTrustedProxies } from "../platform/client-address";
import { MigrationError, migrate } from "../platform/db/migrations/migrate";
import { ConfigurationError, type Env, readEnv } from "../platform/env";
import { captureConsole, log } from "../platform/log";
import { reportFailure } from "../web/failures";
import { ensureBuild, ROOT } from "./build";
import { ensureAuthSecret } from "./secret";
import { createLatchkeyServer } from "./serve";

/** Connections that may wait to be taken up: Node's 511 are there in a bad second, and the rest would be dropped unheard. */
const BACKLOG = 4096;

/** How long answers under way may take after a signal to stop, in milliseconds. */
const GRACE_MS = 5_000;

/**
 * Starts the app: configuration, secret, database, build, then serves until told to stop. Standard output is the log, a
 * JSON object a line; only a start that fails says why in a sentence, on standard error. In development Next talks to a
 * person in between.
 */
async function start(isDevelopment: boolean): Promise<void> {
  Object.assign(process.env, {
    NODE_ENV: isDevelopment ? "development" : "production",
    NEXT_TELEMETRY_DISABLED: "1",
  });
  process.chdir(ROOT);
  nextEnv.loadEnvConfig(ROOT, isDevelopment, { info: () => {}, error: console.error });

  const settings = readEnv(process.env);
  const proxies = parseTrustedProxies(settings.trustedProxies ?? "");
  process.env.AUTH_SECRET = ensureAuthSecret(settings, !isDevelopment);
  process.env.AUTH_URL = settings.publicUrl.origin; // next-auth reads it by itself
  await assertPortIsFree(settings);
  for (const name of await migrateOrExplain(settings)) log().info(`Applied migration ${name}`);
  if (!isDevelopment) {
    await ensureBuild();
    captureConsole(console, reportFailure);
  }

  // Loaded only now: Next looks at NODE_ENV while loading.
  const { default: next } = await import("next");
  const app = next({ dev: isDevelopment, dir: ROOT, hostname: settings.hostname, port: settings.port });
  const server = createLatchkeyServer(
    (request, response) => app.getRequestHandler()(request, response),
    settings,
    { proxies, errorPages: !isDevelopment },
  );
  if (isDevelopment)
    server.on("upgrade", (request, socket, head) => void app.getUpgradeHandler()(request, socket, head));
  await app.prepare();
  server.listen({ port: settings.port, host: settings.hostname, backlog: BACKLOG });
  await once(server, "listening").catch(explainListening(settings));
  log().info(`Latchkey is ready at ${settings.publicUrl.origin}`);

  const stop = () => {
    server.close(() => void app.close().then(() => process.exit(0)));
    setTimeout(() => process.exit(0), GRACE_MS).unref();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

/** Asked before the build, which takes a while; the real answer comes when we listen. */
async function assertPortIsFree(settings: Env): Promise<void> {
  const probe = createServer().listen(settings.port, settings.hostname);
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

async function migrateOrExplain({ databaseUrl }: Env): Promise<string[]> {
  try {
    return await migrate(databaseUrl);
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    const where = databaseUrl.startsWith("file:")
      ? databaseUrl.slice("file:".length)
      : new URL(databaseUrl).host;
    const reason = error instanceof Error && error.message ? error.message : "no answer";
    throw new ConfigurationError(
      `The database at ${where} cannot be used (${reason}): check DATABASE_URL and DATA_DIR.`,
    );
  }
}

start(process.argv.includes("--dev")).catch((error: unknown) => {
  const isExpected = error instanceof ConfigurationError || error instanceof MigrationError;
  process.stderr.write(`${isExpected ? `Latchkey cannot start. ${error.message}` : inspect(error)}\n`);
  process.exit(1);
});
