import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { clientAddress, type TrustedProxies } from "../platform/client-address";
import { USER_AGENT_MAX } from "../platform/client-info";
import type { Env } from "../platform/env";
import { logError, logEvent, pathOf } from "../platform/log";
import { type RequestContext, withRequestContext } from "../platform/request-context";
import { answerMarks, isUnreadForm } from "../web/answer";
import { isInternalHeader } from "../web/forwarded-headers";
import {
  type FilteredRequest,
  hasSmallBody,
  isFromHere,
  isOwnRoute,
  REFUSALS,
  type Refusal,
  refusal,
} from "../web/request-filter";
import { type Overflow, overflow } from "./burst-limit";
import { errorAnswer } from "./error-page";
import { beginHeaders, completeHeaders } from "./response-headers";

/**
 * How long an idle connection is kept, in milliseconds: longer than proxies keep theirs (60 s is the custom), or one of
 * them sends a request into a connection that is just being closed and answers 502.
 */
const KEEP_ALIVE_MS = 75_000;

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** One request on its way through this server. */
interface Exchange {
  context: RequestContext;
  request: IncomingMessage;
  response: ServerResponse;
}

/**
 * The HTTP server around Next. It sees the connection itself, so it knows the visitor's address; it limits bursts before
 * anything is read, and shows pages that need no script where Next would show none. Everything else, the guards above all,
 * is in the middleware and in the pages, and holds under any server.
 */
export function createLatchkeyServer(
  handle: Handler,
  { publicUrl, isSecure }: Env,
  { proxies, errorPages }: { proxies: TrustedProxies; errorPages: boolean },
): Server {
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const context: RequestContext = {
      requestId: randomUUID(),
      ip: clientAddress(
        request.socket.remoteAddress,
        request.headers["x-forwarded-for"]?.toString(),
        proxies,
      ),
      method: request.method ?? "",
      path: pathOf(request.url ?? "/"),
    };
    const exchange = { context, request, response };
    response.setHeader("X-Request-Id", context.requestId);
    beginHeaders(response, isSecure);
    // The middleware asks the same; asked here, a refused request costs no more than this.
    const refused = refusal(filtered(request), publicUrl);
    if (refused !== null) return refuse(exchange, refused);

    const answer = async () => {
      const tooMany = isForm(context) ? await overflow(request, context.ip) : null;
      if (tooMany) return putOff(exchange, tooMany);
      dropForgedHeaders(request, publicUrl);
      finishWith(exchange, errorPages);
      await handle(request, response);
    };
    withRequestContext(context, () =>
      answer().catch((error: unknown) => {
        logError(error);
        if (!response.headersSent) response.writeHead(500);
        response.end();
      }),
    );
  });
}

function filtered({ method = "", url = "/", headers }: IncomingMessage): FilteredRequest {
  return { method, url, header: (name) => headers[name]?.toString() ?? null };
}

/** True for what counts as a form of ours; routes that somebody adds below /api limit themselves. */
function isForm({ method, path }: RequestContext): boolean {
  return method === "POST" && !isOwnRoute(path);
}

/** Answers what is nothing a page of ours would send. */
function refuse(exchange: Exchange, status: Refusal): void {
  const { response } = exchange;
  logRefused(exchange, status, REFUSALS[status]);
  leaveBody(exchange);
  response.setHeader("Content-Type", "text/plain");
  completeHeaders(response);
  response.writeHead(status);
  response.end(`${REFUSALS[status]}\n`);
}

/** Answers a form that is one of too many. */
function putOff(exchange: Exchange, { status, retryAfterSeconds }: Overflow): void {
  const { context, request, response } = exchange;
  logRefused(exchange, status, "More forms than can be served.");
  leaveBody(exchange);
  const page = errorAnswer(status, context.requestId, request.url ?? "/");
  response.setHeader("Retry-After", retryAfterSeconds);
  response.writeHead(status, { ...page.headers, "Content-Length": Buffer.byteLength(page.body) });
  response.end(page.body);
}

function logRefused({ context, request }: Exchange, status: number, reason: string): void {
  const { requestId, ip, method, path } = context;
  const userAgent = request.headers["user-agent"]?.slice(0, USER_AGENT_MAX) ?? null;
  logEvent("refused-request", { requestId, userId: null, ip, userAgent }, { status, reason, method, path });
}

/** Lets a body run out unread, so that its sender gets to the answer; one too large for that is cut off. */
function leaveBody({ request, response }: Exchange): void {
  if (hasSmallBody(filtered(request))) request.resume();
  else response.setHeader("Connection", "close");
}

/**
 * Headers in which a visitor could pretend to be a proxy in front of us or a part of Next. A request that passed the
 * request filter for the public address also gets its Host, should a proxy have replaced that: Next compares the two.
 */
function dropForgedHeaders(request: IncomingMessage, publicUrl: URL): void {
  const { headers } = request;
  for (const name of Object.keys(headers))
    if (isInternalHeader(name) || name.startsWith("x-forwarded-") || name === "forwarded")
      delete headers[name];
  if (headers.origin === publicUrl.origin) headers.host = publicUrl.host;
  // Where the middleware would have to compare, it is done: a body of any size streams past it then.
  if (headers.origin !== undefined && isFromHere(filtered(request), publicUrl))
    headers["sec-fetch-site"] ??= "same-origin";
  headers["x-forwarded-proto"] = publicUrl.protocol.slice(0, -1);
}

/**
 * Puts the answer's marks into it at the last moment before its head is sent, and our own error page in place of a page
 * that failed: Next's is empty until a script has drawn it.
 */
function finishWith({ context, request, response }: Exchange, errorPages: boolean): void {
  const writeHead = response.writeHead.bind(response);
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  let isReplaced = false;

  response.writeHead = ((status: number, ...rest: never[]) => {
    const marks = answerMarks(context);
    const hasFailed = status >= 500;
    if (marks.status && (hasFailed || status === 200)) status = marks.status;
    else if (hasFailed && isUnreadForm(context)) status = 400;
    if (marks.retryAfterSeconds) response.setHeader("Retry-After", marks.retryAfterSeconds);
    if (!hasFailed || !errorPages || !isPage(response)) {
      completeHeaders(response);
      return writeHead(status, ...rest);
    }

    isReplaced = true;
    const page = errorAnswer(status, context.requestId, request.url ?? "/");
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

/** True for an answer a person looks at; one without a type is Next's own, as is plain text. */
function isPage(response: ServerResponse): boolean {
  const type = String(response.getHeader("Content-Type") ?? "");
  return type === "" || type.startsWith("text/html") || type.startsWith("text/plain");
}
