import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { env } from "../platform/env";
import {
  type FilteredRequest,
  formMaxBytes,
  isFromHere,
  PICTURE_FORM_MAX_BYTES,
  refusal,
  takesAnySize,
  takesPicture,
} from "../web/request-filter";

/** How long a connection is still read from after the answer that ends it, in milliseconds. */
const LINGER_MS = 2_000;

/** The same at the form with a picture, whose answer is for a person with a file that is too large. */
const PICTURE_LINGER_MS = 60_000;

/** Once a process: Next's bundle of this file comes beside our own server's. `prepare.ts` sets the second. */
const shared = globalThis as { latchkeyLimitsBodies?: true; latchkeyPrepared?: Promise<void> };

/**
 * Has every request in one form, and limits its body but for those that a route which an app has added will get. Node tells of each request
 * before any server reads it, so this holds under all of them: Next alone would read a body to its end before it answers.
 * It concerns every HTTP server of this process, so one that an app starts beside this needs a path below /api for larger
 * bodies.
 */
export function limitBodies(): void {
  if (shared.latchkeyLimitsBodies) return;
  shared.latchkeyLimitsBodies = true;
  subscribe("http.server.request.start", (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    request.url = originForm(request.url ?? "/");
    const asked = filtered(request);
    // Before the settings are there nothing has more room: to ask for them would keep what they are then.
    const isRefused = !shared.latchkeyPrepared || refusal(asked, env().publicUrl) !== null;
    if (!isRefused && takesAnySize(asked.url)) vouchForOrigin(request, asked);
    else if (!isRefused && takesPicture(asked.url)) {
      lingerAfterAnswer(request.socket, PICTURE_LINGER_MS);
      limitBody(request, PICTURE_FORM_MAX_BYTES);
    } else limitBody(request, formMaxBytes(asked.url), () => endAfterAnswer(request.socket, response));
  });
}

/**
 * The address without scheme and host, which a client may send as it would to a proxy (RFC 9112 §3.2.2): Next would lead it
 * to the address that it has asked for, and to any other site that it names.
 */
function originForm(url: string): string {
  const rest = /^https?:\/\/[^/?#]*(.*)$/is.exec(url)?.[1];
  if (rest === undefined) return url;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** What the filter looks at of a request as Node has it. */
export function filtered({ method = "", url = "/", headers }: IncomingMessage): FilteredRequest {
  return { method, url, header: (name) => headers[name]?.toString() ?? null };
}

/** Compares the origin here, so the middleware need not: Next would keep a copy of the body for it, and cut that. */
function vouchForOrigin({ headers }: IncomingMessage, asked: FilteredRequest): void {
  if (headers.origin !== undefined && isFromHere(asked, env().publicUrl))
    headers["sec-fetch-site"] ??= "same-origin";
}

/**
 * Ends a body for its reader as soon as it is larger than that, and discards the rest as it arrives. A browser that is
 * sending a form reads no answer before it has sent all.
 * @param onLarger called then: at all but one address the answer is 413, and the connection ends with it
 */
function limitBody(request: IncomingMessage, maxBytes: number, onLarger = () => {}): void {
  const push = request.push.bind(request);
  let bytes = 0;
  const pushUpToLimit = (chunk: Buffer | null) => {
    if (bytes > maxBytes) return true;
    bytes += chunk?.length ?? 0;
    if (bytes <= maxBytes) return push(chunk);
    push(chunk);
    request.complete = true; // else this end would count as the sender's going away
    push(null);
    onLarger();
    return true;
  };
  // Next gives a request the methods of another stream once the middleware has read it; what still arrives goes on ending here.
  Object.defineProperty(request, "push", { get: () => pushUpToLimit, set: () => {} });
}

/** Ends a connection with its answer, though the client is still sending. */
export function endAfterAnswer(socket: Socket, response: ServerResponse): void {
  lingerAfterAnswer(socket, LINGER_MS);
  if (response.writableFinished) socket.destroySoon();
  else response.shouldKeepAlive = false;
}

/**
 * Has a connection that ends after its answer read for a while what the client is still sending: closed at once, it would be
 * reset and the answer lost (RFC 9112 §9.6).
 */
function lingerAfterAnswer(socket: Socket, ms: number): void {
  socket.destroySoon = () => {
    socket.end();
    const patience = setTimeout(() => socket.destroy(), ms);
    socket.once("end", () => socket.destroy()).once("close", () => clearTimeout(patience));
  };
}
