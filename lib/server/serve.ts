import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { clientAddress, type TrustedProxies } from "../platform/client-address";
import { USER_AGENT_MAX } from "../platform/client-info";
import type { Env } from "../platform/env";
import { logError, logEvent, pathOf } from "../platform/log";
import { type RequestContext, withRequestContext } from "../platform/request-context";
import { answerMarks, isUnreadForm } from "../web/answer";
import { isInternalHeader } from "../web/forwarded-headers";
import { hasSmallBody, isOwnRoute, isWithheld, REFUSALS, type Refusal, refusal } from "../web/request-filter";
import { endAfterAnswer, filtered } from "./body-limit";
import { type BurstRefusal, refuseBurst } from "./burst-limit";
import { errorAnswer } from "./error-page";
import { answerLaterFile } from "./later-files";
import { answerPackedFile } from "./packed-files";
import { beginHeaders, completeHeaders } from "./response-headers";
import { servedBuild } from "./served-build";
import { createVisitorPages, type Handler } from "./visitor-pages";

/**
 * How long an idle connection is kept, in milliseconds: longer than proxies keep theirs, usually 60 s. Else a proxy sends a
 * request into a connection that is just being closed, and answers 502.
 */
export const KEEP_ALIVE_MS = 75_000;

/** One request and its answer. */
interface Exchange {
  context: RequestContext;
  request: IncomingMessage;
  response: ServerResponse;
}

/**
 * The HTTP server around Next. It sees the connection itself, so it knows the visitor's address; it limits bursts of forms
 * before it reads them, and it sends error pages that need no script. All else, the guards above all, is in the middleware
 * and in the pages, and works under any server.
 */
export function createLatchkeyServer(
  handle: Handler,
  settings: Env,
  { proxies, errorPages }: { proxies: TrustedProxies; errorPages: boolean },
): Server {
  const { publicUrl } = settings;
  const answerVisit = settings.isDevelopment ? null : createVisitorPages(handle, settings);
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const { remoteAddress } = request.socket;
    const ip = clientAddress(remoteAddress, request.headers["x-forwarded-for"]?.toString(), proxies);
    // Its connection has just ended: no answer would arrive, and what it asks for would count for no network.
    if (ip === null) return void request.socket.destroy();
    const context: RequestContext = {
      requestId: randomUUID(),
      ip,
      method: request.method ?? "",
      path: pathOf(request.url ?? "/"),
    };
    const exchange = { context, request, response };
    response.setHeader("X-Request-Id", context.requestId);
    beginHeaders(response, settings);
    // The middleware asks the same; asked here, a refused request costs no more than this.
    const refused = refusal(filtered(request), publicUrl);
    if (refused !== null) return refuse(exchange, refused);

    const answer = async () => {
      if (answerLaterFile(request, response, servedBuild())) return;
      if (answerPackedFile(request, response, servedBuild())) return;
      if (await answerVisit?.(request, response)) return;
      const refusedBurst = isForm(context) ? await refuseBurst(request, ip) : null;
      if (refusedBurst) return answerBurst(exchange, refusedBurst);
      dropForgeableHeaders(request, publicUrl);
      applyMarks(exchange, errorPages);
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

/** True for a form of ours. Routes that an app adds below /api limit themselves. */
function isForm({ method, path }: RequestContext): boolean {
  return method === "POST" && !isOwnRoute(path);
}

/** Answers a request that no page of ours would send. */
function refuse(exchange: Exchange, status: Refusal): void {
  const { response } = exchange;
  logRefused(exchange, status, REFUSALS[status]);
  discardBody(exchange);
  response.setHeader("Content-Type", "text/plain");
  completeHeaders(response);
  response.writeHead(status);
  response.end(`${REFUSALS[status]}\n`);
}

/** Answers a form above the burst limit. */
function answerBurst(exchange: Exchange, { status, retryAfterSeconds }: BurstRefusal): void {
  const { context, request, response } = exchange;
  logRefused(exchange, status, "Too many forms at once.");
  discardBody(exchange);
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

/** Discards the body, so that its sender reads the answer. The connection ends when that body is large. */
function discardBody({ request, response }: Exchange): void {
  request.resume();
  if (!hasSmallBody(filtered(request))) endAfterAnswer(request.socket, response);
}

/**
 * Removes headers by which a visitor could pretend to be a proxy in front of us or a part of Next. Where `Origin` is the
 * public address, Host becomes that too: Next compares the two, and a proxy may have replaced it.
 */
function dropForgeableHeaders(request: IncomingMessage, publicUrl: URL): void {
  const { headers } = request;
  for (const name of Object.keys(headers))
    if (isInternalHeader(name) || name.startsWith("x-forwarded-") || name === "forwarded")
      delete headers[name];
  if (isWithheld(headers.origin) && headers["sec-fetch-site"] === "same-origin")
    headers.origin = publicUrl.origin; // the browser vouches for it, and Next fails on "null"
  if (headers.origin === publicUrl.origin) headers.host = publicUrl.host;
  headers["x-forwarded-proto"] = publicUrl.protocol.slice(0, -1);
}

/**
 * Writes the answer's marks into its head just before that is sent, and our own error page in place of a page that failed:
 * Next's is empty until a script has rendered it.
 */
function applyMarks({ context, request, response }: Exchange, errorPages: boolean): void {
  const writeHead = response.writeHead.bind(response);
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  let isReplaced = false;

  response.writeHead = ((status: number, ...rest: never[]) => {
    if (status === 413 && isForm(context)) logRefused({ context, request, response }, 413, REFUSALS[413]);
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

  // Node would send the head from within these two, when it is too late to replace the body.
  response.write = ((...args: Parameters<typeof write>) => {
    if (!response.headersSent) response.writeHead(response.statusCode);
    return isReplaced || write(...args);
  }) as ServerResponse["write"];
  response.end = ((...args: Parameters<typeof end>) => {
    if (!response.headersSent) response.writeHead(response.statusCode);
    return isReplaced ? response : end(...args);
  }) as ServerResponse["end"];
}

/** True for an answer that a person reads. One without a type is Next's own, as is plain text. */
function isPage(response: ServerResponse): boolean {
  const type = String(response.getHeader("Content-Type") ?? "");
  return type === "" || type.startsWith("text/html") || type.startsWith("text/plain");
}
