import { createServer, type Server } from "node:http";
import { parseTrustedProxies } from "../platform/client-address";
import type { Env } from "../platform/env";
import { ROOT } from "./root";
import { createLatchkeyServer } from "./serve";

/** How long answers under way, and the work behind them, may take after a signal to stop, in milliseconds. */
export const GRACE_MS = 5_000;

export interface App {
  server: Server;
  /** Resolves when the work behind answers is done. */
  close(): Promise<void>;
}

/** Our server, with Next behind it; it does not listen yet. */
export async function createApp(settings: Env): Promise<App> {
  const { isDevelopment } = settings;
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
