import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { readEnv as readSettings } from "./env";
import { settingsFolder } from "./folders";

/** Where the standalone output is: made by `npm run build`, and by `next build` itself. */
const STANDALONE = ".builds/7/standalone";
const OUTPUTS = [STANDALONE, ".next/standalone"];

function newFolder(path = ""): { root: string; code: string } {
  const root = mkdtempSync(join(inject("testFolder"), "folders-"));
  const code = join(root, path);
  mkdirSync(code, { recursive: true });
  return { root, code };
}

const readEnv = (settings: Record<string, string>) => readSettings({ NODE_ENV: "production", ...settings });

afterEach(() => {
  vi.restoreAllMocks();
});

describe("settingsFolder", () => {
  it("is the checkout", () => {
    const { code } = newFolder();
    expect(settingsFolder(code)).toBe(code);
  });

  it.each(OUTPUTS)("is the checkout for %s inside it, which goes with its build", (output) => {
    const { root, code } = newFolder(output);
    writeFileSync(join(root, "package.json"), "{}");
    expect(settingsFolder(code)).toBe(root);
  });

  it("is the standalone output where that has been copied elsewhere, whatever the folder is called", () => {
    for (const { code } of [
      newFolder("app"),
      newFolder("standalone"),
      ...OUTPUTS.map((output) => newFolder(output)),
    ])
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
