import { fork } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, it } from "vitest";
import { clearWorkshop, currentFingerprint, publishBuild, reuseBuild } from "./builds";
import { holdServedBuild } from "./served-build";

const JITI = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));

/** A checkout in which `make("one")` leaves what Next makes of a code called "one", and publishes it. */
function newCheckout() {
  const root = mkdtempSync(join(inject("testFolder"), "builds-"));
  const write = (path: string, text = "") => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("prisma/migrations/migration.sql");
  write("lib/security/passwords/common-passwords/list.bin");
  const work = (code: string) => {
    write(".builds/new/BUILD_ID", code);
    write(`.builds/new/static/chunks/${code}.js`, code);
    write(".builds/new/standalone/.builds/new/required-server-files.json");
    write(".builds/new/standalone/server.js");
  };
  const make = (code: string) => {
    work(code);
    publishBuild(root, code);
  };
  const chunks = (build = ".next") => readdirSync(join(root, build, "static/chunks")).sort();
  const numbers = () =>
    readdirSync(join(root, ".builds"))
      .filter((name) => /^\d+$/.test(name))
      .sort();
  const inUse = () => readFileSync(join(root, ".next/BUILD_ID"), "utf8");
  return { root, write, work, make, chunks, numbers, inUse };
}

/** A process that has begun to serve a build. */
async function newServer(root: string, build: string) {
  const code = `import { holdServedBuild } from ${JSON.stringify(join(import.meta.dirname, "served-build.ts"))};
    holdServedBuild(${JSON.stringify(root)});
    process.send("serves");
    setInterval(() => {}, 1000);`;
  const script = join(mkdtempSync(join(inject("testFolder"), "server-")), "server.ts");
  writeFileSync(script, code);
  const env = { ...process.env, LATCHKEY_BUILD_DIR: build };
  const child = fork(JITI, [script], { env });
  await once(child, "message");
  const kill = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { kill };
}

describe("holdServedBuild", () => {
  it("holds nothing and writes nothing where there is no build of ours, or none at all", () => {
    const { root, write } = newCheckout();
    expect(() => holdServedBuild(root)).not.toThrow();
    write(".next/BUILD_ID", "by next build itself");
    holdServedBuild(root);
    expect(readdirSync(join(root, ".next"))).toEqual(["BUILD_ID"]);
  });
});

describe("publishBuild", () => {
  it("turns the link, and leaves a server that runs all that it began with", () => {
    const { root, make, inUse } = newCheckout();
    make("one");
    const before = readlinkSync(join(root, ".next"));
    make("two");
    expect(inUse()).toBe("two");
    expect(readFileSync(join(root, before, "BUILD_ID"), "utf8")).toBe("one");
    expect(currentFingerprint(root)).toBe("two");
  });

  it("gives every server scripts that are compiled while they arrive", () => {
    const { root, make } = newCheckout();
    make("one");
    for (const build of [".next", ".next/standalone/.next"])
      expect(readFileSync(join(root, build, "static/chunks/one.js"), "utf8")).toMatch(/^\/\/# allFunctions/);
  });

  it("serves the former build's files as well, for pages that are open, and none older", () => {
    const { make, chunks } = newCheckout();
    for (const code of ["one", "two", "three"]) make(code);
    expect(chunks()).toEqual(["three.js", "two.js"]);
    expect(chunks(".next/standalone/.next")).toEqual(["three.js", "two.js"]);
  });

  it("keeps three builds, whole ones, and the cache for the next", () => {
    const { root, write, make, numbers } = newCheckout();
    make("one");
    write(".builds/new/cache/turbopack", "warm");
    write(".builds/new/dev/lock", "in use");
    for (const code of ["two", "three", "four"]) make(code);
    write(".builds/9/BUILD_ID", "killed");
    make("five");
    expect(numbers()).toEqual(["10", "3", "4"]);
    expect(readdirSync(join(root, ".builds/new")).sort()).toEqual(["cache", "dev"]);
  });

  it("keeps a build that a server runs from, also the standalone output, until that ends", async () => {
    const { root, make, numbers } = newCheckout();
    make("one");
    const standalone = await newServer(join(root, ".builds/1/standalone"), ".next");
    make("two");
    const server = await newServer(root, ".builds/2");
    for (const code of ["three", "four", "five", "six"]) make(code);
    expect(numbers()).toEqual(["1", "2", "4", "5", "6"]);
    await standalone.kill();
    make("seven");
    expect(numbers()).toEqual(["2", "5", "6", "7"]);
    await server.kill();
    make("eight");
    expect(numbers()).toEqual(["6", "7", "8"]);
  });

  it("takes the place of a folder that was built without it, and serves its files for open pages", () => {
    const { write, make, chunks, inUse } = newCheckout();
    write(".next/BUILD_ID", "zero");
    write(".next/static/chunks/zero.js");
    make("one");
    expect(inUse()).toBe("one");
    expect(chunks()).toEqual(["one.js", "zero.js"]);
  });
});

describe("reuseBuild", () => {
  it("goes back to an earlier build of the same code, which is then not removed as old", () => {
    const { root, make, inUse, chunks } = newCheckout();
    for (const code of ["one", "two", "three"]) make(code);
    expect(reuseBuild(root, "one")).toBe(true);
    expect(inUse()).toBe("one");
    for (const build of [".next", ".next/standalone/.next"])
      expect(chunks(build), "for pages that are open").toEqual(["one.js", "three.js"]);
    make("four");
    expect(inUse()).toBe("four");
    expect(reuseBuild(root, "three")).toBe(true);
  });

  it("knows no build of other code, none that was killed, and changes nothing then", () => {
    const { root, write, make, inUse } = newCheckout();
    make("one");
    write(".builds/8/BUILD_ID", "two");
    expect(reuseBuild(root, "two")).toBe(false);
    expect(inUse()).toBe("one");
  });
});

describe("clearWorkshop", () => {
  it("removes what a build has left that was killed, and nothing that is in use", () => {
    const { root, write, work, make, inUse, numbers } = newCheckout();
    make("one");
    work("two");
    write(".builds/2/BUILD_ID", "two");
    write(".builds/new/cache/turbopack", "warm");
    clearWorkshop(root);
    expect(readdirSync(join(root, ".builds/new"))).toEqual(["cache"]);
    expect(numbers()).toEqual(["1"]);
    expect(inUse()).toBe("one");
    expect(existsSync(join(root, ".next/static/chunks/one.js"))).toBe(true);
  });
});
