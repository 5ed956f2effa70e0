import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { newToken } from "../platform/crypto/token";
import { currentRequestContext } from "../platform/request-context";
import { collectLog } from "../testing/log-lines";
import { markUnavailable } from "../web/answer";
import { contentSecurityPolicy, newNonce } from "../web/csp";
import { createVisitorPages, type Handler } from "./visitor-pages";

const publicUrl = new URL("https://accounts.example");

/** What Next was asked, but for the address it came from. */
let asked: { url?: string; headers: IncomingHttpHeaders; ip: string | null | undefined }[] = [];

/** A page as Next answers it. */
const page: Handler = async ({ url, headers }, response) => {
  asked.push({ url, headers, ip: currentRequestContext()?.ip });
  const [nonce, secret] = [newNonce(), newToken()];
  response.setHeader("Content-Security-Policy", contentSecurityPolicy(nonce));
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.setHeader("Vary", "rsc, Accept-Encoding");
  response.writeHead(200);
  response.end(`<html>${url}<script nonce="${nonce}">\\"secret\\":\\"${secret}\\"</script>é</html>`);
};

const servers: ReturnType<typeof createServer>[] = [];

beforeAll(() => {
  process.env.AUTH_SECRET = "0123456789abcdef0123456789abcdef";
});

afterEach(() => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) server.close();
  asked = [];
});

/** A server that answers with kept pages, and says where Next would have to answer. */
async function serve(handle: Handler = page): Promise<number> {
  const answerVisit = createVisitorPages(handle, { publicUrl });
  const server = createServer(async (request, response) => {
    if (!(await answerVisit(request, response))) response.writeHead(299).end();
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function visit(port: number, path = "/login", headers = {}, method = "GET") {
  const outgoing = request({ port, host: "127.0.0.1", path, headers, method, agent: false }).end();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const body = Buffer.concat(await answer.toArray());
  return { status: answer.statusCode, headers: answer.headers, body };
}

describe("createVisitorPages", () => {
  it("asks Next once, as two visitors without cookies, however many come at once", async () => {
    const port = await serve();
    const answers = await Promise.all(Array.from({ length: 5 }, () => visit(port)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await visit(port)).body.toString()).toMatch(/^<html>\/login<script nonce="/);
    expect(asked).toHaveLength(2);
    for (const { url, headers, ip } of asked) {
      expect({ url, ip }).toEqual({ url: "/login", ip: null });
      expect(headers).toMatchObject({ host: "accounts.example", "x-forwarded-proto": "https" });
      expect(headers).not.toHaveProperty("cookie");
    }
    expect(asked[0]?.headers["accept-language"]).not.toBe(asked[1]?.headers["accept-language"]);
  });

  it("gives every answer a nonce and a secret of its own, and the nonce's policy", async () => {
    const port = await serve();
    const seen = new Set<string>();
    for (let count = 0; count < 3; count++) {
      const { headers, body } = await visit(port);
      const [, nonce = "", secret = ""] = /nonce="([^"]+)">.*?([\w-]{43})/.exec(body.toString()) ?? [];
      expect(headers["content-security-policy"]).toBe(contentSecurityPolicy(nonce));
      seen.add(nonce).add(secret);
    }
    expect(seen.size).toBe(6);
  });

  it("answers compressed where the browser reads that, and a HEAD with the head alone", async () => {
    const port = await serve();
    const plain = await visit(port);
    const { body, headers } = await visit(port, "/login", { "accept-encoding": "gzip, deflate, br, zstd" });
    expect(headers).toMatchObject({ "content-encoding": "gzip", "content-length": String(body.length) });
    expect(gunzipSync(body)).toHaveLength(plain.body.length);
    const head = await visit(port, "/login", { "accept-encoding": "gzip" }, "HEAD");
    expect(head).toMatchObject({ status: 200, headers: { vary: "rsc, Accept-Encoding" } });
    expect(head.headers).not.toHaveProperty("content-encoding");
    expect(head.body).toHaveLength(0);
  });

  it("makes a page anew after a minute, and not before", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const port = await serve();
    await visit(port);
    vi.advanceTimersByTime(59_000);
    await visit(port);
    expect(asked).toHaveLength(2);
    vi.advanceTimersByTime(2_000);
    await visit(port);
    expect(asked).toHaveLength(4);
  });

  it.each<[string, string, Record<string, string>, string?]>([
    ["for another page", "/verify-email", {}],
    ["with a query", "/login?callbackUrl=/account", {}],
    ["with an empty query", "/login?", {}],
    ["with a fragment", "/login#x", {}],
    ["with two slashes", "//login", {}],
    ["with a slash at its end", "/login/", {}],
    ["in another spelling", "/%6cogin", {}],
    ["in other letters", "/LOGIN", {}],
    ["by a path that is to be resolved", "/x/../login", {}],
    ["by a whole address", "http://accounts.example/login", {}],
    ["that sends a form", "/login", { "content-length": "0" }, "POST"],
    ["that sends a body", "/login", { "content-length": "0" }],
    ["that sends chunks", "/login", { "transfer-encoding": "chunked" }],
    ["by another method", "/login", {}, "OPTIONS"],
    ["with a session", "/login", { cookie: "latchkey.01234567.session=x" }],
    ["with a cookie of another installation", "/login", { cookie: "a=b; __Host-latchkey.flash=x" }],
    ["for a page's data", "/login", { rsc: "1" }],
    ["for a part of it", "/login", { "next-router-segment-prefetch": "/_tree" }],
    ["with the router's state", "/login", { "next-router-state-tree": "x" }],
    ["for an action", "/login", { "next-action": "0".repeat(42) }],
    ["that pretends to be the middleware", "/login", { "x-latchkey-request": "%7B%7D" }],
    ["that pretends to have passed it", "/login", { "x-middleware-subrequest": "middleware" }],
    ["that pretends to be Next", "/login", { "x-nextjs-data": "1" }],
    ["before it is wanted", "/login", { "sec-purpose": "prefetch;prerender" }],
    ["of a frame", "/login", { "sec-fetch-dest": "iframe" }],
    ["that refuses gzip", "/login", { "accept-encoding": "gzip;q=0, *;q=0.1" }],
    ["that wants another encoding", "/login", { "accept-encoding": "br" }],
  ])("leaves a request %s to Next", async (_, path, headers, method) => {
    const port = await serve();
    expect((await visit(port)).status).toBe(200);
    expect((await visit(port, path, headers, method)).status).toBe(299);
    expect(asked).toHaveLength(2);
  });

  it("answers a browser with cookies of others, and a proxy that speaks HTTP/1.0", async () => {
    const port = await serve();
    expect((await visit(port, "/login", { cookie: "_ga=GA1.1; session=x" })).status).toBe(200);
    const socket = connect(port, "127.0.0.1");
    socket.end("GET / HTTP/1.0\r\n\r\n");
    expect(Buffer.concat(await socket.toArray()).toString()).toMatch(/^HTTP\/1\.1 200 [\s\S]*<\/html>$/);
  });

  it.each<[string, Handler]>([
    ["sets a cookie", (request, response) => page(request, response.setHeader("Set-Cookie", "a=b"))],
    [
      "depends on the language",
      (request, response) =>
        page(Object.assign(request, { url: request.headers["accept-language"] ?? "/" }), response),
    ],
    [
      "could not be made, which only our server says",
      async (request, response) => {
        markUnavailable(5);
        await page(request, response);
      },
    ],
  ])("keeps no page that %s", async (_, handle) => {
    const port = await serve(handle);
    expect((await visit(port)).status).toBe(299);
    expect((await visit(port)).status).toBe(299);
    expect(asked).toHaveLength(2);
  });

  it.each<[string, Handler]>([
    ["fails", () => Promise.reject(new Error("no page"))],
    [
      "breaks off",
      async (_, response) => {
        response.write("<html>");
        for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate); // the head has arrived
        response.destroy();
      },
    ],
    ["goes away", async (_, response) => void response.destroy()],
  ])("keeps none where Next %s, says so in the log, and lets nobody wait", async (_, handle) => {
    const logged = collectLog();
    const port = await serve(handle);
    expect((await visit(port)).status).toBe(299);
    expect(logged.lines()).toContainEqual(expect.objectContaining({ event: "error", level: "error" }));
  });

  it("waits for no page that does not come", async () => {
    vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
    const port = await serve(() => new Promise(() => {}));
    expect((await visit(port)).status).toBe(299);
    vi.restoreAllMocks();
  });
});
