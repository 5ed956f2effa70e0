import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { finishStandalone } from "./standalone";

/** A checkout that Next has built, with these files in it. */
function newCheckout(files: string[]): { root: string; output: string } {
  const root = mkdtempSync(join(inject("testFolder"), "standalone-"));
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), "");
  }
  return { root, output: join(root, ".next/standalone") };
}

const SERVER = [".next/standalone/server.js", ".next/standalone/package.json"];
const NEEDED = [
  ".next/static/chunks/a.js",
  "prisma/migrations/sqlite/1_initial/migration.sql",
  "lib/security/passwords/common-passwords/list.bin",
];

describe("finishStandalone", () => {
  it("adds what a browser fetches, the migrations and the list of common passwords", () => {
    const { root, output } = newCheckout([...SERVER, ...NEEDED, "public/robots.txt"]);
    finishStandalone(root);
    for (const file of [...NEEDED, "public/robots.txt"])
      expect(existsSync(join(output, file)), file).toBe(true);
  });

  it("keeps the server, and none of the settings, data and sources that Next has copied", () => {
    const copied = [".env", ".env.production.local", ".data/latchkey.db", "lib/server/start.ts", "README.md"];
    const below = copied.map((file) => `.next/standalone/${file}`);
    const { root, output } = newCheckout([...SERVER, ...NEEDED, ...below, ".next/standalone/.next/BUILD_ID"]);
    finishStandalone(root);
    expect(readdirSync(output).sort()).toEqual([".next", "lib", "package.json", "prisma", "server.js"]);
    expect(readdirSync(join(output, "lib"))).toEqual(["security"]);
    expect(readdirSync(join(output, ".next")).sort()).toEqual(["BUILD_ID", "static"]);
  });
});
