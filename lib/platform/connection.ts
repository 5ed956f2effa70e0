import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage } from "node:http";
import { isLoopback } from "./address";

/** What a page cannot see by itself of the connection that its request came by. */
export interface Connection {
  /** True for a request that a program on this machine has sent to this machine, with nothing in between. */
  isFromThisMachine: boolean;
}

// Next bundles this file more than once; globalThis is what the copies share.
const shared = globalThis as { latchkeyConnection?: AsyncLocalStorage<Connection> };
shared.latchkeyConnection ??= new AsyncLocalStorage<Connection>();
const storage = shared.latchkeyConnection;

/** Lets all that follows in answer to the current request know its connection. */
export function enterConnection(connection: Connection): void {
  storage.enterWith(connection);
}

/** False outside a request too, and where nobody has looked at its connection. */
export function isFromThisMachine(): boolean {
  return storage.getStore()?.isFromThisMachine ?? false;
}

/** What proxies add to a request that they hand on. */
const PROXY_HEADER = /^(x-forwarded-.*|x-real-ip|x-original-.*|forwarded|via|cdn-loop|cf-.*|true-client-ip)$/;

/**
 * True when a request names this machine, comes from it, and went through no proxy. A page elsewhere can send a browser of
 * this machine here by a name that it lets lead to 127.0.0.1 (DNS rebinding), but the name stays in `Host`. A proxy may say
 * nothing of itself: those that still speak HTTP/1.0 are known by that, the rest by the public address, which is then theirs.
 */
export function comesFromThisMachine(request: IncomingMessage, publicUrl: URL): boolean {
  const { headers, httpVersion, socket } = request;
  return (
    isLoopback(socket.remoteAddress ?? "") &&
    isLoopback(hostIn(headers.host ?? "")) &&
    isLoopback(hostIn(publicUrl.host)) &&
    httpVersion === "1.1" &&
    !Object.keys(headers).some((name) => PROXY_HEADER.test(name))
  );
}

/** The host without a port and brackets; blank where the header is none of a browser's. */
function hostIn(header: string): string {
  const host = /^([\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.exec(header)?.[1] ?? "";
  return host.replace(/^\[(.*)\]$/, "$1");
}
