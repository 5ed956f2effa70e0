import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it, vi } from "vitest";
import { readEnv } from "../platform/env";
import { ensureAuthSecret } from "./secret";

const mount = vi.hoisted(() => ({ keepsModes: true }));

/** As exFAT answers, which no test can count on to have. Its files have the mode that the mount gives them. */
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return {
    ...fs,
    linkSync: () => {
      throw Object.assign(new Error("operation not permitted"), { code: "EPERM" });
    },
    statSync: (path: string) => {
      const stats = fs.statSync(path);
      if (!mount.keepsModes) stats.mode |= 0o777;
      return stats;
    },
  };
});

const newFolder = () => mkdtempSync(join(inject("testFolder"), "secret-"));

const start = (DATA_DIR: string) => ensureAuthSecret(readEnv({ DATA_DIR }), true);

describe("ensureAuthSecret, where the file system has no hard links", () => {
  it("makes a secret for its owner alone, keeps it and leaves nothing else behind", () => {
    const folder = newFolder();
    const secret = start(folder);
    expect(secret.length).toBeGreaterThanOrEqual(43);
    expect(start(folder)).toBe(secret);
    expect(readdirSync(folder)).toEqual(["auth-secret"]);
    expect(statSync(join(folder, "auth-secret")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "auth-secret"), "utf8")).toBe(secret);
  });

  it("takes the secret that it made, where every file has the mode of the mount", () => {
    mount.keepsModes = false;
    const folder = newFolder();
    const secret = start(folder);
    expect(start(folder)).toBe(secret);
    expect(readdirSync(folder)).toEqual(["auth-secret"]);
    mount.keepsModes = true;
    chmodSync(join(folder, "auth-secret"), 0o644);
    expect(() => start(folder), "anywhere else it may have been read").toThrow(/can be read by every user/);
  });

  it("does not take the place of another start that was killed there, and says what to remove", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "auth-secret.making"), "");
    expect(() => start(folder)).toThrow(
      /auth-secret\.making is left from a start that was killed: remove it/,
    );
    expect(readdirSync(folder)).not.toContain("auth-secret");
  });
});
