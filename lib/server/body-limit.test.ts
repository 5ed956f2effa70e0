import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { limitBodies } from "./body-limit";

const MAX = 512 * 1024;
const CHUNK = Buffer.alloc(32 * 1024, "a");

const servers: ReturnType<typeof createServer>[] = [];

const shared = globalThis as { latchkeyPrepared?: Promise<void> };

beforeAll(() => {
  shared.latchkeyPrepared = Promise.resolve();
  limitBodies();
});

afterAll(() => {
  delete shared.latchkeyPrepared;
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Sends a body in chunks for as long as the other side reads; answers what came until the connection ended. */
async function post(port: number, path: string, chunks: number, isEnded = true, head = ""): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.on("data", (data) => {
    received += data;
  });
  socket.once("error", (error) => {
    received += error.message;
  });
  const closed = once(socket, "close");
  const connection = isEnded ? "Connection: close\r\n" : "";
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${connection}${head}Transfer-Encoding: chunked\r\n\r\n`);
  for (let sent = 0; sent < chunks; sent++) {
    socket.write(`${CHUNK.length.toString(16)}\r\n`);
    socket.write(CHUNK);
    socket.write("\r\n");
  }
  if (isEnded) socket.write("0\r\n\r\n");
  await closed;
  return received;
}

/** Reads all of a body and answers how much that was. */
const count: RequestListener = async (request, response) => response.end(`read ${await lengthOf(request)}`);

const escaped = (text: string) => text.replace(/[?/.]/g, "\\$&");

async function lengthOf(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of request) bytes += chunk.length;
  return bytes;
}

describe("limitBodies", () => {
  it.each([
    ["http://evil.example/login?x=http://a", "/login?x=http://a"],
    ["HTTPS://localhost:3000", "/"],
    ["http://localhost?x", "/?x"],
    ["/login", "/login"],
    ["//evil.example/login", "//evil.example/login"],
  ])("gives every reader an address without scheme and host: %s", async (sent, read) => {
    const port = await serve((request, response) => response.end(`read ${request.url}`));
    expect(await post(port, sent, 0)).toMatch(new RegExp(`read ${escaped(read)}$`, "m"));
  });

  it("leaves a body up to the limit as it is", async () => {
    const port = await serve(count);
    expect(await post(port, "/login", 1)).toMatch(/ 200 OK.*read 32768/s);
    expect(await post(port, "/login", MAX / CHUNK.length)).toMatch(/ 200 OK.*read 524288/s);
  });

  it.each([true, false])(
    "ends a larger one for its reader, and the connection after the answer",
    async (isEnded) => {
      const port = await serve(count);
      const received = await post(port, "/login", 100, isEnded);
      const read = Number(/read (\d+)/.exec(received)?.[1]);
      expect(read, received).toBeGreaterThan(MAX);
      expect(read).toBeLessThanOrEqual(MAX + 2 * CHUNK.length);
      expect(received).toMatch(/connection: close/i);
    },
  );

  it("gives the form with a picture more room, and discards the rest of a larger one while its sender sends", async () => {
    const port = await serve(count);
    const head = "Content-Type: multipart/form-data; boundary=x\r\n";
    const most = 5 * 1024 * 1024 + 64 * 1024;
    expect(await post(port, "/account/picture", 160, true, head)).toContain(`read ${160 * CHUNK.length}`);
    const received = await post(port, "/account/picture", 1000, true, head);
    const read = Number(/read (\d+)/.exec(received)?.[1]);
    expect(read, received).toBeGreaterThan(most);
    expect(read).toBeLessThanOrEqual(most + 2 * CHUNK.length);
    for (const refused of ["", `${head}Origin: http://evil.example\r\n`, "Content-Type: text/plain\r\n"]) {
      const short = Number(/read (\d+)/.exec(await post(port, "/account/picture", 100, true, refused))?.[1]);
      expect(short, refused).toBeLessThanOrEqual(MAX + 2 * CHUNK.length);
    }
  });

  it("gives nothing more room before the settings are read, and does not read them", async () => {
    const port = await serve(count);
    delete shared.latchkeyPrepared;
    for (const path of ["/account/picture", "/api/todos"]) {
      const read = Number(/read (\d+)/.exec(await post(port, path, 100))?.[1]);
      expect(read, path).toBeLessThanOrEqual(MAX + 2 * CHUNK.length);
    }
    shared.latchkeyPrepared = Promise.resolve();
  });

  it("does not touch what is sent to a route that an app has added", async () => {
    const port = await serve(count);
    expect(await post(port, "/api/todos", 100)).toContain(`read ${100 * CHUNK.length}`);
  });

  it.each([
    ["/api/%61uth/x", ""],
    ["/api/%2561uth/x", ""],
    ["/api/%74asks", ""],
    ["/%61pi/todos", ""],
    ["/api/todos", "Cookie: a=b\r\nOrigin: http://evil.example\r\n"],
    ["/api/todos", "Cookie: a=b\r\nSec-Fetch-Site: cross-site\r\n"],
    ["/api/todos", "X-Latchkey-Request: x\r\n"],
  ])("ends one for %s that no such route will get: %j", async (path, head) => {
    const port = await serve(count);
    const read = Number(/read (\d+)/.exec(await post(port, path, 100, true, head))?.[1]);
    expect(read).toBeLessThanOrEqual(MAX + 2 * CHUNK.length);
  });

  it("says for the middleware that an origin is ours, which then keeps no copy of the body", async () => {
    const port = await serve((request, response) => {
      request.resume();
      response.end(`from ${request.headers["sec-fetch-site"] ?? "nobody knows"}`);
    });
    const from = (origin: string) => post(port, "/api/todos", 1, true, `Origin: ${origin}\r\n`);
    expect(await from("http://x")).toContain("from same-origin");
    expect(await from("http://evil.example")).toContain("from nobody knows");
  });
});
