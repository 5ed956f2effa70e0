import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, it } from "vitest";

const JITI = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));
const MODULE = fileURLToPath(new URL("./settings-files.ts", import.meta.url));

/** What a program of its own sees of a setting, for Next's reader reads once a process: its value, or why it refuses. */
function load(files: Record<string, string | Buffer | null>, environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(inject("testFolder"), "settings-"));
  for (const [name, contents] of Object.entries(files)) {
    if (contents === null) mkdirSync(join(folder, name));
    else writeFileSync(join(folder, name), contents);
  }
  const script = join(folder, "script.mjs");
  writeFileSync(
    script,
    `import { loadSettings } from ${JSON.stringify(MODULE)};
try { loadSettings(false); loadSettings(false); console.log(JSON.stringify(process.env)); }
catch (error) { console.log(JSON.stringify({ error: error.message })); }`,
  );
  const env = {
    NODE_ENV: "production" as const,
    JITI_FS_CACHE: process.env.JITI_FS_CACHE ?? "",
    ...environment,
  };
  const { stdout, stderr } = spawnSync(process.execPath, [JITI, script], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Record<string, string>;
}

const name = "APP_NAME";

/** A variable in braces, as a value refers to it. */
const variable = (inside: string) => "$".concat(`{${inside}}`);

describe("loadSettings", () => {
  it.each([
    ["as it stands", "APP_NAME=Acme", "Acme"],
    ["with spaces and a line end from Windows", "\ufeffAPP_NAME = Acme Inc. \r\nPORT=1\r\n", "Acme Inc."],
    ["in quotes", `APP_NAME="Acme #1"`, "Acme #1"],
    ["before a comment", "APP_NAME=Acme # our name", "Acme"],
    ["in quotes before a comment", "APP_NAME='Acme' #ours", "Acme"],
    ["above a comment on a line of its own", "APP_NAME=Acme\n\n#PORT=1\n", "Acme"],
    ["with an escaped dollar sign", "APP_NAME='Ac\\$me'", "Ac$me"],
    ["with a dollar sign that stands for nothing", "APP_NAME=Acme$", "Acme$"],
    ["made of a variable that is set", `WHO=Acme\nAPP_NAME=${variable("WHO")} Inc.`, "Acme Inc."],
    ["made of a default", `APP_NAME=${variable("NOBODY:-Acme")}`, "Acme"],
    ["defined twice, by the last", "APP_NAME=a$b\nAPP_NAME=Acme", "Acme"],
  ])("reads a value %s", (_, contents, value) => {
    expect(load({ ".env": contents })).toMatchObject({ [name]: value });
  });

  it.each([
    ["a dollar sign", "APP_NAME=hush$hush", "$ that stands for"],
    ["one in single quotes", "APP_NAME='hush$hush'", "$ that stands for"],
    ["two of them", "APP_NAME=hush$$hush", "$ that stands for"],
    ["a variable that is not set", `APP_NAME=${variable("HUSH")}`, "$ that stands for"],
    ["a # in the middle", "APP_NAME=hush#hush", "is cut at its #"],
    ["a # before a word", "APP_NAME=hush #hush", "is cut at its #"],
    ["a quote that does not end", 'APP_NAME="hush', "begins with a quote"],
    ["a quote that ends before the value does", "APP_NAME='hush'hush #", "begins with a quote"],
  ])("refuses a value with %s, by its name and file, and does not repeat it", (_, contents, why) => {
    const { error = "" } = load({ ".env": "PORT=1\n", ".env.production": contents });
    expect(error).toMatch(/^APP_NAME in .*\/\.env\.production [^\n]*\.$/);
    expect(error).toContain(why);
    expect(error).not.toContain("hush");
  });

  it("leaves the environment's own value alone, whatever a file says", () => {
    expect(load({ ".env": "APP_NAME=other$thing" }, { APP_NAME: "a$b #c" })).toMatchObject({
      APP_NAME: "a$b #c",
    });
  });

  it("takes the file that counts most", () => {
    const files = { ".env": "APP_NAME=a$b", ".env.production": "APP_NAME=b", ".env.local": "APP_NAME=Acme" };
    expect(load(files)).toMatchObject({ APP_NAME: "Acme" });
  });

  it.each([
    ["a folder", null, /\.env cannot be read \(EISDIR\): run this as the user of the service/],
    [
      "UTF-16, as Windows may save it",
      Buffer.from("\ufeffAPP_NAME=Acme", "utf16le"),
      /\.env are not written in UTF-8/,
    ],
    ["another encoding", Buffer.from("APP_NAME=Acm\xe9", "latin1"), /\.env are not written in UTF-8/],
  ])("refuses %s in place of a file", (_, contents, error) => {
    expect(load({ ".env": contents }).error).toMatch(error);
  });
});
