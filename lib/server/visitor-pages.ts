import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from "node:http";
import { duplexPair } from "node:stream";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { newToken } from "../platform/crypto/token";
import type { Env } from "../platform/env";
import { logError } from "../platform/log";
import { type RequestContext, withRequestContext } from "../platform/request-context";
import { routes } from "../shared/routes";
import { MINUTE_MS, SECOND_MS } from "../shared/units";
import { answerMarks } from "../web/answer";
import { mayHaveOurCookie } from "../web/cookies";
import { contentSecurityPolicy, newNonce } from "../web/csp";
import { asksForDocument } from "../web/document-load";
import { isInternalHeader } from "../web/forwarded-headers";
import { filtered } from "./body-limit";
import { type PageAnswer, type PageTemplate, templateOf } from "./page-template";

/**
 * The pages that every browser without a cookie of ours gets alike. Take one out that shows what must not be a minute old,
 * or that depends on the request: on a cookie of your own above all, a language say. Two visitors who send other headers
 * are asked for, and neither sends a cookie.
 */
const PAGES: string[] = [routes.home, routes.login, routes.register, routes.forgotPassword];

/** How long a page is kept, in milliseconds: what an app adds to it may change with time. */
const KEPT_MS = MINUTE_MS;

/** How long Next may take for a page, in milliseconds; it takes some 10. Everyone who asks for that page waits meanwhile. */
const PATIENCE_MS = 10 * SECOND_MS;

/** Two visitors who have nothing in common: a page that depends on what they send is not the same for all. */
const ONE_VISITOR = { "user-agent": "Mozilla/5.0" };
const ANOTHER_VISITOR = {
  "user-agent": "AppleWebKit (iPhone; Mobile)",
  "accept-language": "zh, ja, ko, ar, ru, es, fr, pt, it, nl, pl, tr, de, en",
};

const compress = promisify(gzip);

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Answers visits of the pages that are the same for all; resolves to false where Next has to answer. */
export type VisitorPages = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/**
 * Keeps {@link PAGES} in memory, as Next makes them for a visitor without cookies, and answers with them. Only a plain visit
 * gets one, and it can get nothing but that page: every other request, forged headers and all, is Next's as ever.
 * @param handle Next
 */
export function createVisitorPages(handle: Handler, { publicUrl }: Pick<Env, "publicUrl">): VisitorPages {
  const kept = new Map<string, { template: Promise<PageTemplate | null>; until: number }>();
  const own = { host: publicUrl.host, "x-forwarded-proto": publicUrl.protocol.slice(0, -1) };

  async function make(path: string): Promise<PageTemplate | null> {
    const visits = [ONE_VISITOR, ANOTHER_VISITOR].map((headers) => ask(handle, path, { ...own, ...headers }));
    const [one, other] = await Promise.all(visits);
    return one && other ? templateOf(one, other) : null;
  }

  /** Those who ask while it is made wait for the same. */
  function templateFor(path: string): Promise<PageTemplate | null> {
    const known = kept.get(path);
    if (known && performance.now() < known.until) return known.template;
    const template = make(path).catch((error: unknown) => {
      logError(error);
      return null;
    });
    kept.set(path, { template, until: performance.now() + KEPT_MS });
    return template;
  }

  return async (request, response) => {
    const path = request.url ?? "";
    if (!PAGES.includes(path) || !isPlainVisit(request)) return false;
    const encoding = encodingFor(request);
    const template = encoding && (await templateFor(path));
    if (!encoding || !template) return false;
    await send(template, encoding, request, response);
    return true;
  };
}

/** True for a visit by a browser that has no cookie of ours. */
function isPlainVisit(request: IncomingMessage): boolean {
  const { method, headers } = request;
  const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return (
    (method === "GET" || method === "HEAD") &&
    !hasBody &&
    !mayHaveOurCookie(headers.cookie ?? "") &&
    asksForDocument(filtered(request).header) &&
    !Object.keys(headers).some((name) => isInternalHeader(name) || isOfNext(name))
  );
}

/** True for a header by which Next's script and Next itself say more than a visit does. */
function isOfNext(name: string): boolean {
  return name.startsWith("next-") || name.startsWith("x-nextjs-");
}

/** As Next would choose; null where that takes more than a look (RFC 9110 §12.5.3). */
function encodingFor({ headers, method }: IncomingMessage): "gzip" | "identity" | null {
  const accepted = headers["accept-encoding"]?.toString();
  if (method === "HEAD" || accepted === undefined || accepted === "identity") return "identity";
  return /(?:^|,)\s*gzip\s*(?:,|$)/.test(accepted) ? "gzip" : null;
}

async function send(
  template: PageTemplate,
  encoding: "gzip" | "identity",
  { method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const nonce = newNonce();
  for (const [name, value] of Object.entries(template.headers)) response.setHeader(name, value);
  response.setHeader("Content-Security-Policy", contentSecurityPolicy(nonce));
  if (method === "HEAD") return void response.writeHead(200).end();
  const page = Buffer.from(template.fill({ nonce, secret: newToken() }));
  const body = encoding === "gzip" ? await compress(page) : page;
  if (encoding === "gzip") response.setHeader("Content-Encoding", encoding);
  response.writeHead(200, { "Content-Length": body.length }).end(body);
}

/**
 * Asks Next for a page, over a connection that has both its ends here.
 * @throws Error where no whole answer comes, or none in time
 */
async function ask(handle: Handler, path: string, headers: OutgoingHttpHeaders): Promise<PageAnswer> {
  const context: RequestContext = { requestId: randomUUID(), ip: null, method: "GET", path };
  const [near, far] = duplexPair();
  const server = createServer((asked, answer) => {
    // The other end does not notice by itself.
    answer.once("close", () => answer.writableFinished || near.destroy(new Error("half an answer")));
    withRequestContext(context, () => handle(asked, answer)).catch((error: unknown) =>
      near.destroy(new Error("no answer", { cause: error })),
    );
  });
  server.emit("connection", far);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const outgoing = request({ path, headers, signal, createConnection: () => near }).end();
  outgoing.on("error", () => {}); // what breaks off later, the answer tells
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = await answer.toArray();
  // A page may have told our server alone that it could not be made.
  const status = answerMarks(context).status ?? answer.statusCode ?? 0;
  return { status, headers: answer.headers, body: Buffer.concat(chunks).toString() };
}
