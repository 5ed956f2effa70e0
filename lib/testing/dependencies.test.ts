import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

interface Entry {
  /** What it is called, where it stands in for another package (`overrides`). */
  name?: string;
  version?: string;
  /** Where it is from; left out for the registry that npm is set to. */
  resolved?: string;
  integrity?: string;
  /** It comes inside the package around it. */
  inBundle?: boolean;
  link?: boolean;
}

const read = <Content>(file: string): Content => JSON.parse(readFileSync(join(ROOT, file), "utf8"));

const { dependencies, devDependencies } = read<Manifest>("package.json");
const { "": root, ...entries } = read<{ packages: Record<string, Entry> & { "": Manifest } }>(
  "package-lock.json",
).packages;

describe("package.json", () => {
  it("names one version of every package, and no range", () => {
    const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    expect(ranges).toEqual([]);
  });

  it("says what the lock file says", () => {
    expect(root).toMatchObject({ dependencies, devDependencies });
  });
});

describe("package-lock.json", () => {
  it("knows every package by the SHA-512 of its content", () => {
    const unknown = Object.entries(entries).filter(
      ([, { integrity, inBundle }]) => !inBundle && !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""),
    );
    expect(unknown).toEqual([]);
  });

  it("takes every package from the registry", () => {
    const elsewhere = Object.entries(entries).filter(
      ([, { resolved = "https://registry.npmjs.org/", link }]) =>
        link || !resolved.startsWith("https://registry.npmjs.org/"),
    );
    expect(elsewhere).toEqual([]);
  });
});

describe("npm run sbom", () => {
  it("lists every package of the lock file by version and content", () => {
    const { stdout } = spawnSync("npm", ["run", "--silent", "sbom"], { cwd: ROOT, encoding: "utf8" });
    const { bomFormat, components } = JSON.parse(stdout) as {
      bomFormat: string;
      components: { purl: string; hashes?: { alg: string }[] }[];
    };
    expect(bomFormat).toBe("CycloneDX");
    const algorithms = new Map(
      components.map(({ purl, hashes }) => [decodeURIComponent(purl), hashes?.map(({ alg }) => alg)]),
    );
    // What comes inside another package has no content of its own to be known by.
    const unlisted = Object.entries(entries).filter(([path, { name, version, inBundle }]) => {
      const purl = `pkg:npm/${name ?? path.replace(/.*node_modules\//, "")}@${version}`;
      return !(inBundle ? algorithms.has(purl) : algorithms.get(purl)?.includes("SHA-512"));
    });
    expect(unlisted).toEqual([]);
  });
});
