import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

vi.hoisted(() => {
  Object.assign(process.env, { TRUSTED_PROXIES: "2", NODE_ENV: "development", LOG_LEVEL: "info" });
});

import { isFromThisMachine } from "../platform/connection";
import { collectLog, type LogLines } from "../testing/log-lines";
import { watchArrivals } from "./arrivals";

/** Answers whether a page would take the request for one from this machine. */
const server = createServer(async (_, response) => {
  await new Promise(setImmediate); // as a page does, later than the request
  response.end(String(isFromThisMachine()));
});

let port = 0;
let logged: LogLines;

beforeAll(async () => {
  logged = collectLog();
  watchArrivals();
  watchArrivals();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterAll(() => server.close());

async function ask(headers: Record<string, string> = {}, path = "/login"): Promise<string> {
  const asked = request({
    port,
    host: "127.0.0.1",
    path,
    headers: { host: `localhost:${port}`, ...headers },
  }).end();
  const [answer] = await once(asked, "response");
  return (await answer.toArray()).join("");
}

describe("watchArrivals", () => {
  it("tells once of a proxy that does not say where visitors come from, and of no health check", async () => {
    await ask({ "x-forwarded-for": "203.0.113.7, 10.0.0.1" });
    await ask({}, "/api/health");
    await ask({}, "/api/tasks?now");
    expect(logged.lines()).toEqual([]);
    await ask({ "x-forwarded-for": "203.0.113.7" }); // of two proxies one
    for (let visit = 0; visit < 5; visit++) await ask();
    expect(logged.lines()).toEqual([
      expect.objectContaining({ level: "warn", msg: expect.stringContaining("TRUSTED_PROXIES promises") }),
    ]);
  });

  it("knows a request from this machine, by its names alone", async () => {
    for (const host of [`localhost:${port}`, "127.0.0.1", `[::1]:${port}`, "app.localhost"])
      expect(await ask({ host }), host).toBe("true");
    for (const host of [
      "evil.example",
      `localhost.evil.example:${port}`,
      "192.168.1.20",
      "localhost:1@evil.example",
    ])
      expect(await ask({ host }), host).toBe("false");
  });

  it.each([
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "forwarded",
    "via",
    "x-real-ip",
    "cf-ray",
  ])("takes none with %s for one", async (name) => {
    expect(await ask({ [name]: "127.0.0.1" })).toBe("false");
  });

  it("takes nothing for one where nobody has looked", () => {
    expect(isFromThisMachine()).toBe(false);
  });
});
