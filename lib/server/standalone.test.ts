import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { finishStandalone } from "./standalone";

const BUILD = ".builds/7";

/** A checkout that Next has built, with these files in it. */
function newCheckout(files: string[]) {
  const root = mkdtempSync(join(inject("testFolder"), "standalone-"));
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), "");
  }
  const build = join(root, BUILD);
  return { output: join(build, "standalone"), finish: () => finishStandalone(root, build) };
}

const SERVER = ["server.js", "package.json", ".builds/new/BUILD_ID"].map(
  (file) => `${BUILD}/standalone/${file}`,
);
const NEEDED = [
  "prisma/migrations/sqlite/1_initial/migration.sql",
  "lib/security/passwords/common-passwords/list.bin",
];
const CHUNK = "static/chunks/a.js";
const MADE = [...SERVER, ...NEEDED, `${BUILD}/${CHUNK}`];

describe("finishStandalone", () => {
  it("adds what a browser fetches, the migrations and the list of common passwords", () => {
    const { output, finish } = newCheckout([...MADE, "public/robots.txt"]);
    finish();
    for (const file of [...NEEDED, `.next/${CHUNK}`, "public/robots.txt"])
      expect(existsSync(join(output, file)), file).toBe(true);
  });

  it("keeps the server, and none of the settings, data and sources that Next has copied", () => {
    const copied = [".env", ".env.production.local", ".data/latchkey.db", "lib/server/start.ts", "README.md"];
    const { output, finish } = newCheckout([...MADE, ...copied.map((file) => `${BUILD}/standalone/${file}`)]);
    finish();
    const names = [".builds", ".next", "lib", "package.json", "prisma", "server.js"];
    expect(readdirSync(output).sort()).toEqual(names);
    expect(readdirSync(join(output, "lib"))).toEqual(["security"]);
    expect(readdirSync(join(output, ".next")).sort()).toEqual(["BUILD_ID", "static"]);
  });
});
