import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { isForwardingMissing, parseTrustedProxies } from "../platform/client-address";
import { comesFromThisMachine, enterConnection } from "../platform/connection";
import { env } from "../platform/env";
import { log, pathOf } from "../platform/log";
import { HOUR_MS } from "../shared/units";

/** How often a proxy that names no visitors is told in the log, in milliseconds. */
const TOLD_EVERY_MS = HOUR_MS;

/** Once a process: Next's bundle of this file comes beside our own server's. */
const shared = globalThis as { latchkeyWatchesArrivals?: true };

/**
 * Looks at each request as it arrived, before any server fills in headers that it lacks. Node tells of each, so this holds
 * under all of them.
 */
export function watchArrivals(): void {
  if (shared.latchkeyWatchesArrivals) return;
  shared.latchkeyWatchesArrivals = true;
  const { isDevelopment, publicUrl, trustedProxies } = env();
  const proxies = parseTrustedProxies(trustedProxies ?? "");
  let toldAt = Number.NEGATIVE_INFINITY;
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { request: IncomingMessage };
    if (isDevelopment) enterConnection({ isFromThisMachine: comesFromThisMachine(request, publicUrl) });
    if (performance.now() - toldAt < TOLD_EVERY_MS || isNoVisitors(request)) return;
    const forwardedFor = request.headers["x-forwarded-for"]?.toString();
    if (!isForwardingMissing(request.socket.remoteAddress, forwardedFor, proxies)) return;
    toldAt = performance.now();
    log().warn(
      "A request came without the X-Forwarded-For that TRUSTED_PROXIES promises: unless it came past the proxy, that proxy names no visitors, and all of them have its own address. Let it send the header (OPERATING.md, Behind a proxy).",
    );
  });
}

/**
 * True for what a health check or a scheduler asks for, which may stand on this side of the proxy, and for what this process
 * asks itself, which came over no network.
 */
function isNoVisitors({ url, socket }: IncomingMessage): boolean {
  return socket.remoteAddress === undefined || pathOf(url ?? "/").startsWith("/api/");
}
