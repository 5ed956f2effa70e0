import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type OutgoingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { answerPackedFile, packFiles } from "./packed-files";

const SCRIPT = "console.log('hello');\n".repeat(100);

const root = mkdtempSync(join(inject("testFolder"), "packed-"));
const server = createServer((request, response) => {
  if (!answerPackedFile(request, response, ".builds/1", root)) response.writeHead(404).end();
});

beforeAll(async () => {
  mkdirSync(join(root, ".builds/1/static/chunks"), { recursive: true });
  for (const name of ["app.js", "app.css", "mark.svg"])
    writeFileSync(join(root, ".builds/1/static/chunks", name), SCRIPT);
  writeFileSync(join(root, ".builds/1/BUILD_ID"), "secret");
  packFiles(join(root, ".builds/1"));
  await new Promise<void>((resolve) => server.listen(0, resolve));
});

afterAll(() => {
  server.close();
});

async function ask(
  path: string,
  headers: OutgoingHttpHeaders = { "accept-encoding": "gzip, br" },
  method = "GET",
) {
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, path: `/_next/static/${path}`, method, headers }).end();
  const answer = await new Promise<import("node:http").IncomingMessage>((resolve) =>
    asked.once("response", resolve),
  );
  return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(await answer.toArray()) };
}

describe("answerPackedFile", () => {
  it("answers a browser that takes it with a script or style as it was packed, to be kept for good", async () => {
    for (const [path, type] of [
      ["chunks/app.js?v=1", "application/javascript; charset=UTF-8"],
      ["chunks/app.css", "text/css; charset=UTF-8"],
    ] as const) {
      const { status, headers, body } = await ask(path);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        "content-type": type,
        "content-encoding": "br",
        "content-length": String(body.length),
        "cache-control": "public, max-age=31536000, immutable",
        vary: "Accept-Encoding",
      });
      expect(brotliDecompressSync(body).toString()).toBe(SCRIPT);
    }
    const head = await ask("chunks/app.js", { "accept-encoding": "br" }, "HEAD");
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });

  it.each([
    ["a browser that takes none", "chunks/app.js", {}],
    ["a browser that takes another encoding", "chunks/app.js", { "accept-encoding": "gzip, brotli" }],
    ["a browser that refuses it", "chunks/app.js", { "accept-encoding": "gzip, br;q=0" }],
    ["a question for a part", "chunks/app.js", { "accept-encoding": "br", range: "bytes=0-9" }],
    ["a question whether it has changed", "chunks/app.js", { "accept-encoding": "br", "if-none-match": "x" }],
    ["what is no text", "chunks/mark.svg", { "accept-encoding": "br" }],
    ["what the build does not have", "chunks/none.js", { "accept-encoding": "br" }],
    ["a way out of the folder", "chunks/..%2f..%2f..%2fBUILD_ID.js", { "accept-encoding": "br" }],
  ])("leaves to Next %s", async (_, path, headers) => {
    expect((await ask(path, headers)).status).toBe(404);
  });

  it("leaves to Next what is no visit", async () => {
    expect((await ask("chunks/app.js", { "accept-encoding": "br" }, "POST")).status).toBe(404);
  });
});
