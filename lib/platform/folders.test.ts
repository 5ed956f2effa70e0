import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { readEnv } from "./env";
import { STANDALONE, settingsFolder } from "./folders";

function newFolder(path = ""): { root: string; code: string } {
  const root = mkdtempSync(join(inject("testFolder"), "folders-"));
  const code = join(root, path);
  mkdirSync(code, { recursive: true });
  return { root, code };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("settingsFolder", () => {
  it("is the checkout", () => {
    const { code } = newFolder();
    expect(settingsFolder(code)).toBe(code);
  });

  it("is the checkout for the standalone output inside it, which the next build empties", () => {
    const { root, code } = newFolder(STANDALONE);
    writeFileSync(join(root, "package.json"), "{}");
    expect(settingsFolder(code)).toBe(root);
  });

  it("is the standalone output where that has been copied elsewhere, whatever the folder is called", () => {
    for (const { code } of [newFolder("app"), newFolder("standalone"), newFolder(STANDALONE)])
      expect(settingsFolder(code)).toBe(code);
  });
});

describe("readEnv", () => {
  it("finds data, relative or by default, beside package.json from the standalone output too", () => {
    const { root, code } = newFolder(STANDALONE);
    writeFileSync(join(root, "package.json"), "{}");
    vi.spyOn(process, "cwd").mockReturnValue(code);
    expect(readEnv({})).toMatchObject({
      dataDir: join(root, ".data"),
      databaseUrl: `file:${join(root, ".data/latchkey.db")}`,
    });
    expect(readEnv({ DATA_DIR: "../people", DATABASE_URL: "file:rows.db" })).toMatchObject({
      dataDir: join(root, "../people"),
      databaseUrl: `file:${join(root, "rows.db")}`,
    });
    expect(readEnv({ DATA_DIR: "/srv/people", DATABASE_URL: "file:/srv/rows.db" })).toMatchObject({
      dataDir: "/srv/people",
      databaseUrl: "file:/srv/rows.db",
    });
  });

  it("refuses trusted proxies that are none", () => {
    expect(() => readEnv({ TRUSTED_PROXIES: "the one in front" })).toThrow(/^TRUSTED_PROXIES must be/);
    expect(() => readEnv({ TRUSTED_PROXIES: "0.0.0.0/0" })).toThrow(/^TRUSTED_PROXIES must not be/);
    expect(readEnv({ TRUSTED_PROXIES: "0" }).trustedProxies).toBe("0");
  });
});
