import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { collectLog } from "../testing/log-lines";
import { prepareServer } from "./prepare";

const SECRET = "s".repeat(32);

let dataDir = "";

beforeEach(() => {
  dataDir = mkdtempSync(join(inject("testFolder"), "prepare-"));
  vi.stubEnv("DATA_DIR", dataDir);
  for (const name of ["AUTH_URL", "AUTH_SECRET", "TRUSTED_PROXIES", "DATABASE_URL", "PORT"])
    vi.stubEnv(name, "");
});

afterEach(() => {
  vi.unstubAllEnvs();
  delete (globalThis as { latchkeyPrepared?: unknown }).latchkeyPrepared;
});

const prepare = () => prepareServer({ knowsClients: false });

describe("prepareServer", () => {
  it("makes the secret and the database, and tells next-auth the address by its port", async () => {
    vi.stubEnv("PORT", "4567");
    await prepare();
    expect(process.env.AUTH_URL).toBe("http://localhost:4567");
    expect(process.env.AUTH_SECRET).toMatch(/^[\w-]{43}$/);
    expect(existsSync(join(dataDir, "latchkey.db"))).toBe(true);
  });

  it("does it once", async () => {
    await prepare();
    vi.stubEnv("AUTH_SECRET", "");
    await prepare();
    expect(process.env.AUTH_SECRET).toBe("");
  });

  it("refuses https until TRUSTED_PROXIES is set", async () => {
    vi.stubEnv("AUTH_URL", "https://accounts.example.com");
    vi.stubEnv("AUTH_SECRET", SECRET);
    await expect(prepare()).rejects.toThrow(/^TRUSTED_PROXIES must be set for https:/);
    expect(existsSync(join(dataDir, "latchkey.db"))).toBe(false);
  });

  it.each(["0", "1", "10.0.0.0/8"])("serves https with TRUSTED_PROXIES=%s", async (proxies) => {
    vi.stubEnv("AUTH_URL", "https://accounts.example.com");
    vi.stubEnv("AUTH_SECRET", SECRET);
    vi.stubEnv("TRUSTED_PROXIES", proxies);
    await expect(prepare()).resolves.toBeUndefined();
  });

  it.each([
    ["smtps://mailer:hush@mail.example.com", "", 1],
    ["smtps://mailer:hush@mail.example.com", "http://nas.local:3000", 0],
    ["smtp://127.0.0.1:2525", "", 0],
    ["", "", 0],
  ])(
    "warns of links that people elsewhere cannot open: SMTP_URL=%s, AUTH_URL=%s",
    async (smtp, site, warnings) => {
      vi.stubEnv("SMTP_URL", smtp);
      vi.stubEnv("MAIL_FROM", "accounts@example.com");
      vi.stubEnv("AUTH_URL", site);
      const logged = collectLog();
      await prepare();
      const told = logged.lines().filter(({ msg }) => String(msg).startsWith("Links in emails lead to"));
      expect(told).toHaveLength(warnings);
      expect(JSON.stringify(told)).not.toContain("hush");
    },
  );

  it("says what to do where the database cannot be reached", async () => {
    const fatal = Buffer.from("E\0\0\0\x1fSFATAL\0C28P01\0Mwrong word\0\0"); // what a server says to a wrong password
    const server = createServer((socket) => socket.end(fatal)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    vi.stubEnv("DATABASE_URL", `postgres://latchkey:hush@127.0.0.1:${port}/latchkey`);
    await expect(prepare()).rejects.toMatchObject({
      name: "MigrationError",
      message: `Cannot reach the PostgreSQL database "latchkey" at 127.0.0.1:${port}: wrong word; check DATABASE_URL.`,
    });
    server.close();
  });
});
