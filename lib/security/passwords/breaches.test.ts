import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { isBreached } from "./breaches";

const PASSWORD = "blue kettle";
const HASH = createHash("sha1").update(PASSWORD).digest("hex").toUpperCase();
const SUFFIX = HASH.slice(5);
const OTHER = `${SUFFIX.startsWith("0") ? "1" : "0"}${SUFFIX.slice(1)}`;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A stand-in for the range API on a free port, which answers everyone with `answer`. */
async function standIn(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<URL> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const answering = (body: string) => standIn((_, response) => response.end(body));

describe("isBreached", () => {
  it("finds a password among the others of its range", async () => {
    expect(await isBreached(PASSWORD, await answering(`${OTHER}:3\r\n${SUFFIX}:2\r\n`))).toBe(true);
    expect(await isBreached(PASSWORD, await answering(`${SUFFIX}:1`))).toBe(true);
    expect(await isBreached(PASSWORD, await answering(`${OTHER}:3\n${SUFFIX.toLowerCase()}:12345\n`))).toBe(
      true,
    );
  });

  it.each([
    ["it is not in its range", `${OTHER}:3\r\n`],
    ["it is there as padding", `${OTHER}:3\r\n${SUFFIX}:0\r\n`],
    ["the range is empty", ""],
    ["the answer is a page", `<html><body>${SUFFIX}</body></html>`],
    ["the answer is noise", "\0\ufffd:\n:::\n\n"],
    ["its line has no count", `${SUFFIX}\r\n${SUFFIX}:\r\n${SUFFIX}:many`],
    ["only the end of a line is like it", `0${SUFFIX}:7`],
  ])("lets a password pass when %s", async (_, body) => {
    expect(await isBreached(PASSWORD, await answering(body))).toBe(false);
  });

  it("tells five digits of the hash, asks for padding and says who asks", async () => {
    const asked: IncomingMessage[] = [];
    const api = await standIn((request, response) => {
      asked.push(request);
      response.end(`${OTHER}:3`);
    });
    await isBreached(PASSWORD, api);
    expect(asked).toHaveLength(1);
    const [{ method, url, headers, rawHeaders } = {} as IncomingMessage] = asked;
    expect(`${method} ${url}`).toBe(`GET /range/${HASH.slice(0, 5)}`);
    expect(headers).toMatchObject({ "add-padding": "true", "user-agent": "Latchkey" });
    expect(`${url} ${rawHeaders.join(" ")}`).not.toMatch(new RegExp(`${PASSWORD}|${SUFFIX}`, "i"));
  });

  it("asks for the password as it is kept: composed", async () => {
    const composed = createHash("sha1").update("caf\u00e9 noir").digest("hex").toUpperCase();
    expect(await isBreached("cafe\u0301 noir", await answering(`${composed.slice(5)}:1`))).toBe(true);
  });

  it("keeps the path of a mirror", async () => {
    const api = await standIn((request, response) =>
      response.end(request.url === `/mirror/range/${HASH.slice(0, 5)}` ? `${SUFFIX}:1` : ""),
    );
    expect(await isBreached(PASSWORD, new URL("/mirror", api))).toBe(true);
    expect(await isBreached(PASSWORD, new URL("/mirror/", api))).toBe(true);
  });

  it.each([
    ["500", (response: ServerResponse) => response.writeHead(500).end(`${SUFFIX}:1`)],
    ["429", (response: ServerResponse) => response.writeHead(429, { "Retry-After": "2" }).end()],
    ["nothing and hangs up", (response: ServerResponse) => response.destroy()],
  ])("throws when the server answers %s", async (_, answer) => {
    await expect(
      isBreached(PASSWORD, await standIn((_request, response) => answer(response))),
    ).rejects.toThrow();
  });

  it("follows no redirect", async () => {
    const api = await standIn((request, response) => {
      if (request.url === "/elsewhere") response.end(`${SUFFIX}:1`);
      else response.writeHead(302, { Location: "/elsewhere" }).end();
    });
    await expect(isBreached(PASSWORD, api)).rejects.toThrow();
  });

  it("throws when no server listens", async () => {
    const api = await answering("");
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(isBreached(PASSWORD, api)).rejects.toThrow();
  });

  it.each([
    ["never begins", () => {}],
    ["never ends", (response: ServerResponse) => response.write(`${OTHER}:3\r\n`)],
  ])("gives up on an answer that %s", async (_, answer) => {
    const api = await standIn((_request, response) => void answer(response));
    await expect(isBreached(PASSWORD, api)).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

it("is for the server alone", () => {
  expect(readFileSync(new URL("./breaches.ts", import.meta.url), "utf8")).toMatch(/^import "server-only";/);
});
