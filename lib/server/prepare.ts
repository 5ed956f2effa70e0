import { readFileSync } from "node:fs";
import { join } from "node:path";
import nextEnv from "@next/env";
import { parseTrustedProxies } from "../platform/client-address";
import { ConfigurationError } from "../platform/configuration-error";
import { MigrationError, migrate } from "../platform/db/migrations/migrate";
import { type Env, readEnv } from "../platform/env";
import { codeFolder, settingsFolder } from "../platform/folders";
import { captureConsole, log } from "../platform/log";
import { reportFailure } from "../web/failures";
import { ensureAuthSecret } from "./secret";

/** How long a start waits for a PostgreSQL that takes no connections yet, in milliseconds: a machine may start both at once. */
const DATABASE_WAIT_MS = 10_000;

/** Once a process: our own server prepares before it loads Next, and Next's bundle of this file then finds it done. */
const shared = globalThis as { latchkeyPrepared?: Promise<void> };

export interface Server {
  /** True where our own server is around Next: it sees the connections, so it knows who is at their other end. */
  knowsClients: boolean;
}

/**
 * What has to be true before the first request, whichever server it comes to: settings that make sense, the secret, a
 * database with every migration. Nothing of it is done during a build, and nothing twice.
 *
 * @throws ConfigurationError and MigrationError with one sentence that says what to do
 */
export function prepareServer(server: Server): Promise<void> {
  shared.latchkeyPrepared ??= prepare(server);
  return shared.latchkeyPrepared;
}

async function prepare({ knowsClients }: Server): Promise<void> {
  readSettingsFile();
  const settings = readEnv(process.env);
  const isProduction = process.env.NODE_ENV === "production";
  process.env.AUTH_SECRET = ensureAuthSecret(settings, isProduction);
  process.env.AUTH_URL = settings.publicUrl.origin; // next-auth reads it by itself
  assertProxiesAreNamed(settings);
  if (isProduction) captureConsole(console, reportFailure);
  for (const name of await migrateOrExplain(settings)) log().info(`Applied migration ${name}`);
  if (!knowsClients) noteUnknownClients(settings);
}

/**
 * Reads `.env` of the checkout where the standalone server runs inside it; everywhere else Next, or our own server, has
 * read it. Not by `loadEnvConfig`: Next has asked it already, and it would answer what it found beside server.js.
 */
function readSettingsFile(): void {
  const folder = settingsFolder();
  if (folder === codeFolder()) return;
  const files = [".env.production.local", ".env.local", ".env.production", ".env"].flatMap((path) => {
    const contents = readOrNull(join(/* turbopackIgnore: true */ folder, path));
    return contents === null ? [] : [{ path, contents, env: {} }];
  });
  nextEnv.processEnv(files, folder, { info: () => {}, error: console.error });
}

/** Over https a proxy ends TLS in front of us, and without this setting every visitor would have the proxy's address. */
function assertProxiesAreNamed({ isSecure, trustedProxies, publicUrl }: Env): void {
  if (!isSecure || trustedProxies !== undefined) return;
  throw new ConfigurationError(
    `TRUSTED_PROXIES must be set for ${publicUrl.origin}: the number of proxies in front of the app, like 1, or their addresses; 0 when there is none.`,
  );
}

/** Next tells no connection's address; counted as one network, all visitors would be refused for what some of them do. */
function noteUnknownClients({ trustedProxies }: Env): void {
  const { hops, ranges } = parseTrustedProxies(trustedProxies ?? "");
  if (hops > 0 || ranges.length > 0) return;
  log().warn(
    "The addresses of visitors are unknown, so the limits for one network are off: use npm start, or a proxy and TRUSTED_PROXIES.",
  );
}

async function migrateOrExplain({ databaseUrl }: Env): Promise<string[]> {
  try {
    const onWait = (what: string) => log().info(what);
    return await migrate(databaseUrl, undefined, { ms: DATABASE_WAIT_MS, onWait });
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

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
