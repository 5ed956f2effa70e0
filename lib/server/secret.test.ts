import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { readEnv } from "../platform/env";
import { ensureAuthSecret } from "./secret";

const SECRET = "0123456789abcdefghijklmnopqrstuvwxyz_-ABCDE";

const newFolder = () => mkdtempSync(join(inject("testFolder"), "secret-"));

const ensure = (DATA_DIR: string, more: Record<string, string> = {}) =>
  ensureAuthSecret(readEnv({ DATA_DIR, ...more }), true);

/** A data folder with this file in it, as it has been put there. */
function folderWith(contents: string | Buffer, mode = 0o600): string {
  const folder = newFolder();
  writeFileSync(join(folder, "auth-secret"), contents);
  chmodSync(join(folder, "auth-secret"), mode);
  return folder;
}

describe("ensureAuthSecret", () => {
  it("makes a secret for its owner alone, and keeps it", () => {
    const folder = join(newFolder(), "below");
    const made = ensure(folder);
    expect(made).toMatch(/^[\w-]{43}$/);
    expect(ensure(folder)).toBe(made);
    expect(readdirSync(folder)).toEqual(["auth-secret"]);
    expect(statSync(join(folder, "auth-secret")).mode & 0o777).toBe(0o600);
  });

  it("takes the one that is set, and looks at no file", () => {
    const folder = folderWith("");
    expect(ensure(folder, { AUTH_SECRET: SECRET })).toBe(SECRET);
  });

  it.each([
    ["an editor's line end", `${SECRET}\n`],
    ["one from Windows, and a byte order mark", `\ufeff${SECRET}\r\n`],
  ])("reads a file with %s as it is meant", (_, contents) => {
    expect(ensure(folderWith(contents))).toBe(SECRET);
  });

  it.each([
    ["nothing", ""],
    ["white space", " \n\t \r\n"],
    ["a short one", SECRET.slice(0, 31)],
    ["two lines", `${SECRET}\n${SECRET}`],
    ["a space in it", `${SECRET} ${SECRET}`],
    ["what is no text", Buffer.from(`${SECRET}\xff\xfe`, "latin1")],
  ])("refuses a file that holds %s, and leaves it as it is", (_, contents) => {
    const folder = folderWith(contents);
    expect(() => ensure(folder)).toThrow(/^The file .*auth-secret, .* holds no secret of 32 characters/);
    expect(readdirSync(folder)).toEqual(["auth-secret"]);
  });

  it.each([0o604, 0o644, 0o666])("refuses a file with mode %o: others may have read it", (mode) => {
    expect(() => ensure(folderWith(SECRET, mode))).toThrow(/can be read by every user.*chmod 600/);
  });

  it("refuses a folder in its place, and a link that leads nowhere", () => {
    const folder = newFolder();
    mkdirSync(join(folder, "auth-secret"));
    expect(() => ensure(folder)).toThrow(/auth-secret, .* is not a file/);
    const other = newFolder();
    symlinkSync(join(other, "nothing"), join(other, "auth-secret"));
    expect(() => ensure(other)).toThrow(/leads nowhere/);
  });

  it("says which part is no folder", () => {
    const folder = folderWith(SECRET);
    expect(() => ensure(join(folder, "auth-secret"))).toThrow(/^DATA_DIR/);
    expect(() => ensure(join(folder, "auth-secret", "below"))).toThrow(/^DATA_DIR/);
    expect(existsSync(folder)).toBe(true);
  });

  it("refuses a public address without a secret of its own", () => {
    expect(() => ensure(newFolder(), { AUTH_URL: "https://accounts.example.com" })).toThrow(
      /^AUTH_SECRET must be set/,
    );
  });
});
