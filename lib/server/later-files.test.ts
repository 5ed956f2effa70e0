import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { answerLaterFile } from "./later-files";

const root = mkdtempSync(join(inject("testFolder"), "later-"));
const server = createServer((request, response) => {
  if (!answerLaterFile(request, response, ".builds/1", root)) response.writeHead(404).end();
});

beforeAll(async () => {
  for (const [build, name] of [
    ["1", "both.js"],
    ["2", "both.js"],
    ["2", "new.js"],
    ["2", "new.css"],
    ["2", "new.map"],
    ["2", "large.js"],
  ] as const) {
    mkdirSync(join(root, ".builds", build, "static/chunks"), { recursive: true });
    writeFileSync(join(root, ".builds", build, "static/chunks", name), name);
  }
  writeFileSync(join(root, ".builds/2/static/chunks/large.js"), Buffer.alloc(64 * 1024 * 1024));
  writeFileSync(join(root, ".builds/2/BUILD_ID"), "secret");
  symlinkSync(".builds/2", join(root, ".next"));
  await new Promise<void>((resolve) => server.listen(0, resolve));
});

afterAll(() => {
  server.close();
});

async function ask(path: string, method = "GET") {
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/_next/static/${path}`, { method });
  return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.text() };
}

describe("answerLaterFile", () => {
  it("answers with what only the build in use has", async () => {
    const type = "application/javascript; charset=UTF-8";
    expect(await ask("chunks/new.js?v=1")).toEqual({ status: 200, type, body: "new.js" });
    expect(await ask("chunks/new.css")).toMatchObject({ type: "text/css; charset=UTF-8", body: "new.css" });
    expect(await ask("chunks/new.js", "HEAD")).toEqual({ status: 200, type, body: "" });
  });

  it.each([
    ["what this server's own build has", "chunks/both.js", "GET"],
    ["what no build has", "chunks/none.js", "GET"],
    ["a kind of file that no page asks for", "chunks/new.map", "GET"],
    ["a folder", "chunks", "GET"],
    ["a way out of the folder", "%2e%2e/BUILD_ID", "GET"],
    ["another way out", "chunks/..%2f..%2fBUILD_ID", "GET"],
    ["a form", "chunks/new.js", "POST"],
  ])("leaves to Next %s", async (_, path, method) => {
    expect((await ask(path, method)).status).toBe(404);
  });

  it.runIf(process.platform === "linux")(
    "closes the file when the browser goes away before its end",
    async () => {
      const { port } = server.address() as AddressInfo;
      const request = get(`http://127.0.0.1:${port}/_next/static/chunks/large.js`);
      await new Promise((resolve) =>
        request.once("response", (response) => response.once("readable", resolve)),
      );
      expect(openFiles("large.js")).toBe(1);
      request.destroy();
      await expect.poll(() => openFiles("large.js"), { timeout: 5_000 }).toBe(0);
    },
  );
});

/** How often this process has a file of that name open. */
function openFiles(name: string): number {
  return readdirSync("/proc/self/fd").filter((handle) => {
    try {
      return readlinkSync(`/proc/self/fd/${handle}`).endsWith(name);
    } catch {
      return false; // the one that reads the list
    }
  }).length;
}
