import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { fingerprintOf } from "./fingerprint";
import { ROOT } from "./root";

const INPUTS = ["lib", "middleware.ts", "public"];

function checkout() {
  const root = mkdtempSync(join(inject("testFolder"), "checkout-"));
  const write = (path: string, text = "") => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("middleware.ts", "export {}");
  write("lib/shared/routes.ts", "export const home = 1");
  return { root, write, fingerprint: () => fingerprintOf(root, INPUTS) };
}

describe("fingerprintOf", () => {
  it("is the same for the same code in another folder", () => {
    expect(checkout().fingerprint()).toBe(checkout().fingerprint());
  });

  it.each([
    ["a file changes", "lib/shared/routes.ts"],
    ["a file is new", "lib/shared/links.ts"],
    ["a page is new", "public/robots.txt"],
    ["a well-known path is new", "public/.well-known/security.txt"],
  ])("is another when %s", (_, path) => {
    const { fingerprint, write } = checkout();
    const before = fingerprint();
    write(path, "something else");
    expect(fingerprint()).not.toBe(before);
  });

  it("is another when a file moves or goes", () => {
    const { root, fingerprint, write } = checkout();
    const before = fingerprint();
    rmSync(join(root, "lib/shared/routes.ts"));
    const gone = fingerprint();
    write("lib/shared/paths.ts", "export const home = 1");
    expect(new Set([before, gone, fingerprint()]).size).toBe(3);
  });

  it.each([
    "lib/shared/routes.test.ts",
    "lib/shared/routes.property.test.ts",
    "lib/testing/people.ts",
    "lib/cli/user.ts",
    ".github/deploy/fail2ban-filter.conf",
    "lib/shared/.routes.ts.swp",
    "lib/shared/routes.ts~",
    "README.md",
  ])("does not look at %s", (path) => {
    const { fingerprint, write } = checkout();
    const before = fingerprint();
    write(path, "something");
    expect(fingerprint()).toBe(before);
  });

  it("fails when an input has moved", () => {
    const { root } = checkout();
    expect(() => fingerprintOf(root, ["lib", "proxy.ts"])).toThrow("proxy.ts is not there");
  });

  it("finds every input of this checkout", () => {
    expect(fingerprintOf(ROOT)).toMatch(/^[0-9a-f]{64}$/);
  });
});
