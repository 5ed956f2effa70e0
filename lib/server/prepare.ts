import { isLoopback } from "../platform/address";
import { parseTrustedProxies } from "../platform/client-address";
import { ConfigurationError } from "../platform/configuration-error";
import { derivedKey } from "../platform/crypto/derived-key";
import { MigrationError, migrate } from "../platform/db/migrations/migrate";
import { sqlitePath } from "../platform/db/url";
import { type Env, readEnv } from "../platform/env";
import { joinInstallation } from "../platform/installation";
import { captureConsole, log } from "../platform/log";
import { reportFailure } from "../web/failures";
import { ensureAuthSecret } from "./secret";
import { loadSettings } from "./settings-files";
import { noteUnusablePasskeys } from "./unusable-passkeys";

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

/** What is left for a worker to do: its primary has prepared all else, and has given it the settings. */
export function prepareWorker(): void {
  captureConsole(console, reportFailure);
  shared.latchkeyPrepared = Promise.resolve();
}

async function prepare({ knowsClients }: Server): Promise<void> {
  const isProduction = process.env.NODE_ENV === "production";
  loadSettings(!isProduction);
  const settings = readEnv(process.env);
  process.env.AUTH_SECRET = ensureAuthSecret(settings, isProduction);
  process.env.AUTH_URL = settings.publicUrl.origin; // next-auth reads it by itself
  // Next would take the build's, which everyone knows (next.config.mjs), for what an action of your own closes over.
  process.env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY = derivedKey("server actions").toString("base64");
  assertProxiesAreNamed(settings);
  if (isProduction) captureConsole(console, reportFailure);
  await applyMigrations(settings);
  await joinInstallation();
  if (!knowsClients) noteUnknownClients(settings);
  noteUnreachableLinks(settings);
  await noteUnusablePasskeys(settings);
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

/** An email for people elsewhere, with a link to their own machine, is found out by them alone. */
function noteUnreachableLinks({ mail, publicUrl }: Env): void {
  if (!mail || isLoopback(mail.smtpUrl.hostname) || !isLoopback(publicUrl.hostname)) return;
  log().warn(
    `Links in emails lead to ${publicUrl.origin}, which only this machine can open: set AUTH_URL to the address visitors use.`,
  );
}

/** Applies every migration that the database lacks. @throws as {@link prepareServer} */
export async function applyMigrations(settings: Env): Promise<void> {
  for (const name of await migrateOrExplain(settings)) log().info(`Applied migration ${name}`);
}

async function migrateOrExplain({ databaseUrl }: Env): Promise<string[]> {
  try {
    const onWait = (what: string) => log().info(what);
    return await migrate(databaseUrl, undefined, { ms: DATABASE_WAIT_MS, onWait });
  } catch (error) {
    if (error instanceof MigrationError) throw error;
    const path = sqlitePath(databaseUrl);
    const reason = error instanceof Error && error.message ? error.message : "no answer";
    throw new ConfigurationError(
      `The database ${path === null ? "in DATABASE_URL" : `at ${path}`} cannot be used (${reason}): check DATABASE_URL and DATA_DIR.`,
    );
  }
}
