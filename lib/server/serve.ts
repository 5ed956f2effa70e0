import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { clientAddress, type TrustedProxies } from "../platform/client-address";
import { USER_AGENT_MAX } from "../platform/client-info";
import type { Env } from "../platform/env";
import { logError, logEvent, pathOf } from "../platform/log";
import { isUnreadForm, type Reply, withReply } from "../platform/request-context";
import { CLIENT_ADDRESS, PAGE_PATH } from "../web/internal-headers";
import { type Overflow, overflow } from "./burst-limit";
import { errorAnswer } from "./error-page";
import { cleanHeaders, hasSmallBody, REFUSALS, type Refusal, refusal } from "./request-filter";
import { beginHeaders, completeHeaders } from "./response-headers";

/**
 * How long an idle connection is kept, in milliseconds: longer than proxies keep theirs (60 s is the custom), or one of
 * them sends a request into a connection that is just being closed and answers 502.
 */
const KEEP_ALIVE_MS = 75_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The HTTP server around Next. It is the one place that sees the connection itself, so here the visitor's address is
 * taken, forged headers are dropped, and what pages left in their {@link Reply} goes into the answer.
 */
export function createLatchkeyServer(
  handle: Handler,
  { publicUrl, isSecure }: Env,
  { proxies, errorPages }: { proxies: TrustedProxies; errorPages: boolean },
): Server {
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const reply: Reply = {
      requestId: randomUUID(),
      ip: clientAddress(
        request.socket.remoteAddress,
        request.headers["x-forwarded-for"]?.toString(),
        proxies,
      ),
      method: request.method ?? "",
      path: pathOf(request.url ?? "/"),
      isPageLoad: isPageLoad(request),
      setCookies: [],
      pageCookies: [],
      afterwards: [],
    };
    response.setHeader("X-Request-Id", reply.requestId);
    beginHeaders(response, isSecure);
    const refused = refusal(request, publicUrl.origin);
    if (refused !== null) return turnAway(reply, request, response, refused);

    const answer = async () => {
      const tooMany = reply.method === "POST" ? await overflow(request, reply.ip) : null;
      if (tooMany) return putOff(reply, request, response, tooMany);
      cleanHeaders(request, publicUrl);
      request.headers[PAGE_PATH] = pagePath(request.url ?? "/");
      request.headers[CLIENT_ADDRESS] = reply.ip ?? "";
      finishWith(reply, request, response, errorPages);
      response.once("close", () => doAfterwards(reply));
      await handle(request, response);
    };
    withReply(reply, () =>
      answer().catch((error: unknown) => {
        logError(error);
        if (!response.headersSent) response.writeHead(500);
        response.end();
      }),
    );
  });
}

/** What is being done after answers that are out already. */
const afterwards = new Set<Promise<void>>();

function doAfterwards(reply: Reply): void {
  for (const work of reply.afterwards) {
    const done = withReply(reply, work).finally(() => afterwards.delete(done));
    afterwards.add(done);
  }
}

/** Resolves when nothing is left to be done for answers that are out. */
export async function afterwardsDone(): Promise<void> {
  await Promise.allSettled(afterwards);
}

/** Answers what is nothing a page of ours would send. */
function turnAway(reply: Reply, request: IncomingMessage, response: ServerResponse, status: Refusal): void {
  logRefused(reply, request, status, REFUSALS[status]);
  leaveBody(request, response);
  response.setHeader("Content-Type", "text/plain");
  completeHeaders(response);
  response.writeHead(status);
  response.end(`${REFUSALS[status]}\n`);
}

/** Answers a form that is one of too many. */
function putOff(
  reply: Reply,
  request: IncomingMessage,
  response: ServerResponse,
  { status, retryAfterSeconds }: Overflow,
): void {
  logRefused(reply, request, status, "More forms than can be served.");
  leaveBody(request, response);
  const page = errorAnswer(status, reply.requestId, request.url ?? "/");
  response.setHeader("Retry-After", retryAfterSeconds);
  response.writeHead(status, { ...page.headers, "Content-Length": Buffer.byteLength(page.body) });
  response.end(page.body);
}

function logRefused(reply: Reply, request: IncomingMessage, status: number, reason: string): void {
  const { requestId, ip, method, path } = reply;
  const userAgent = request.headers["user-agent"]?.slice(0, USER_AGENT_MAX) ?? null;
  logEvent("refused-request", { requestId, userId: null, ip, userAgent }, { status, reason, method, path });
}

/** Lets a body run out unread, so that its sender gets to the answer; one too large for that is cut off. */
function leaveBody(request: IncomingMessage, response: ServerResponse): void {
  if (hasSmallBody(request)) request.resume();
  else response.setHeader("Connection", "close");
}

/**
 * Puts the reply's status, wait and cookies into the answer at the last moment before its head is sent, and our own error
 * page in place of a page that failed: Next's is empty until a script has drawn it.
 */
function finishWith(
  reply: Reply,
  request: IncomingMessage,
  response: ServerResponse,
  errorPages: boolean,
): void {
  const writeHead = response.writeHead.bind(response);
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  let isReplaced = false;

  response.writeHead = ((status: number, ...rest: never[]) => {
    const hasFailed = status >= 500;
    if (reply.status && (hasFailed || status === 200)) status = reply.status;
    else if (hasFailed && isUnreadForm(reply)) status = 400;
    if (reply.retryAfterSeconds) response.setHeader("Retry-After", reply.retryAfterSeconds);
    const isRedirect = status >= 300 && status < 400;
    const lines = isRedirect ? reply.setCookies : [...reply.setCookies, ...reply.pageCookies];
    for (const line of lines) response.appendHeader("Set-Cookie", line);
    if (!hasFailed || !errorPages || !isPage(response)) {
      completeHeaders(response);
      return writeHead(status, ...rest);
    }

    isReplaced = true;
    const page = errorAnswer(status, reply.requestId, request.url ?? "/");
    for (const name of ["Transfer-Encoding", "Content-Encoding", "ETag"]) response.removeHeader(name);
    writeHead(status, { ...page.headers, "Content-Length": Buffer.byteLength(page.body) });
    end(request.method === "HEAD" ? undefined : page.body);
    return response;
  }) as ServerResponse["writeHead"];

  // Node would send the head from within these two, too late to leave their body out.
  response.write = ((...args: Parameters<typeof write>) => {
    if (!response.headersSent) response.writeHead(response.statusCode);
    return isReplaced || write(...args);
  }) as ServerResponse["write"];
  response.end = ((...args: Parameters<typeof end>) => {
    if (!response.headersSent) response.writeHead(response.statusCode);
    return isReplaced ? response : end(...args);
  }) as ServerResponse["end"];
}

/** The page's own address, without the mark Next's script puts on its requests to keep caches apart. */
function pagePath(url: string): string {
  return url.replace(/([?&])_rsc=[^&]*&?/, "$1").replace(/[?&]$/, "");
}

/** What Next's own script asks with, and Next hides from pages and middleware. */
const ROUTER_HEADERS = ["rsc", "next-router-prefetch", "next-router-segment-prefetch"];

function isPageLoad({ method, headers }: IncomingMessage): boolean {
  const isGuess = /\bpre(fetch|render)\b/.test(String(headers["sec-purpose"] ?? headers.purpose ?? ""));
  const destination = headers["sec-fetch-dest"] ?? "document";
  return (
    method === "GET" &&
    destination === "document" &&
    !isGuess &&
    !ROUTER_HEADERS.some((name) => name in headers)
  );
}

/** True for an answer a person looks at; one without a type is Next's own, as is plain text. */
function isPage(response: ServerResponse): boolean {
  const type = String(response.getHeader("Content-Type") ?? "");
  return type === "" || type.startsWith("text/html") || type.startsWith("text/plain");
}
