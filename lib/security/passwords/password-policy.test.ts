import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";

const ada = { username: "ada", email: "ada@example.com" };
const PASSWORD = "blue kettle";
const SUFFIX = createHash("sha1").update(PASSWORD).digest("hex").toUpperCase().slice(5);

let server: Server | undefined;
afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** The policy as a process with these settings has it. */
async function policyWith(settings: Record<string, string>) {
  vi.resetModules();
  for (const [name, value] of Object.entries({ LOG_LEVEL: "silent", ...settings })) vi.stubEnv(name, value);
  return import("./password-policy");
}

/** A stand-in for the range API; its address. */
async function standIn(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a new password", () => {
  it("is told what is wrong with it, and nothing where nothing is", async () => {
    const { findWeakness } = await policyWith({});
    expect(await findWeakness("sunshine", ada)).toMatchObject({ kind: "common" });
    expect(await findWeakness("ada12345", ada)).toMatchObject({ kind: "username" });
    expect(await findWeakness(PASSWORD, ada)).toBeNull();
  });

  it("asks the breach service only when the setting says so", async () => {
    let asked = 0;
    const url = await standIn((_, response) => {
      asked++;
      response.end(`${SUFFIX}:1`);
    });
    const { findBreach } = await policyWith({ PASSWORD_BREACH_URL: url });
    expect(await findBreach(PASSWORD)).toBeNull();
    expect(asked).toBe(0);
  });

  it("refuses a password known from a breach, and accepts one that is not", async () => {
    let asked = 0;
    const url = await standIn((_, response) => {
      asked++;
      response.end(`${SUFFIX}:1`);
    });
    const { findBreach } = await policyWith({ PASSWORD_BREACH_CHECK: "true", PASSWORD_BREACH_URL: url });
    expect(await findBreach(PASSWORD)).toEqual({
      kind: "breached",
      message: "That password is known from a breach at another site. Please choose a different one.",
    });
    expect(await findBreach("red kettle")).toBeNull();
    expect(asked).toBe(2);
  });

  it.each<[string, RequestListener]>([
    ["fails", (_, response) => response.writeHead(500).end(`${SUFFIX}:1`)],
    ["talks nonsense", (_, response) => response.end("\0<html>")],
    ["is silent", () => {}],
    ["hangs up", (_, response) => response.destroy()],
  ])("lets a password pass when the service %s", async (_, answer) => {
    const url = await standIn(answer);
    const { findBreach } = await policyWith({ PASSWORD_BREACH_CHECK: "true", PASSWORD_BREACH_URL: url });
    expect(await findBreach(PASSWORD)).toBeNull();
  });

  it("lets a password pass when no service listens", async () => {
    const url = await standIn(() => {});
    await new Promise((resolve) => server?.close(resolve));
    const { findBreach } = await policyWith({ PASSWORD_BREACH_CHECK: "true", PASSWORD_BREACH_URL: url });
    expect(await findBreach(PASSWORD)).toBeNull();
  });
});

it("is for the server alone", () => {
  expect(readFileSync(new URL("./password-policy.ts", import.meta.url), "utf8")).toMatch(
    /^import "server-only";/,
  );
});
