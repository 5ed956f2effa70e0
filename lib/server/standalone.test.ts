import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
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
  for (const file of ["server.js", ".builds/new/required-server-files.json"])
    writeFileSync(join(build, "standalone", file), '{"distDir":"./.builds/new"}');
  mkdirSync(join(build, "standalone/.builds/new/node_modules/@prisma"), { recursive: true });
  symlinkSync("../../../../node_modules/pg", join(build, "standalone/.builds/new/node_modules/@prisma/pg-1"));
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
    const names = [".next", "lib", "package.json", "prisma", "server.js"];
    expect(readdirSync(output).sort()).toEqual(names);
    expect(readdirSync(join(output, "lib"))).toEqual(["security"]);
    expect(readdirSync(join(output, ".next")).sort()).toEqual([
      "BUILD_ID",
      "node_modules",
      "required-server-files.json",
      "static",
    ]);
  });

  it("has its build in .next, and says so", () => {
    const { output, finish } = newCheckout(MADE);
    finish();
    for (const file of ["server.js", ".next/required-server-files.json"])
      expect(readFileSync(join(output, file), "utf8")).toBe('{"distDir":"./.next"}');
    const link = join(output, ".next/node_modules/@prisma/pg-1");
    expect(resolve(dirname(link), readlinkSync(link))).toBe(join(output, "node_modules/pg"));
  });
});
