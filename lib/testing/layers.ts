import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

/** The layers of lib/, lowest first. Folders on one layer do not know each other. */
const LAYERS = [["shared"], ["platform"], ["security", "mail"], ["accounts"], ["web"], ["auth"]];

/** Folders beside the layers: each may import every layer, and no layer imports them. */
const BESIDE = ["server", "cli", "testing"];

/** Where our own code is. */
const FOLDERS = ["app", "components", "lib", "e2e"];

interface Import {
  file: string;
  line: number;
  /** The file or folder it leads to, from the root and without an extension. */
  target: string;
}

/** An import that points where it must not: `file:line` and a sentence. */
export interface Violation {
  place: string;
  reason: string;
}

/** Every import in `root` that points up or sideways, or that would take server code into the browser. */
export function findViolations(root: string): Violation[] {
  const files = FOLDERS.flatMap((folder) => sourcesIn(root, folder));
  const imports = new Map(files.map((file) => [file, importsOf(root, file)]));
  const clientFiles = findClientFiles(root, files, imports);
  return [...imports.values()].flat().flatMap((found) => {
    const reason = reasonAgainst(found, clientFiles.has(found.file));
    return reason === null ? [] : [{ place: `${found.file}:${found.line}`, reason }];
  });
}

function reasonAgainst({ file, target }: Import, isClient: boolean): string | null {
  const [from = ""] = file.split("/");
  const [to = ""] = target.split("/");
  if (isClient && to === "lib" && !isIn("lib/shared", target))
    return `runs in the browser and imports ${target}: only lib/shared may get there`;
  if (from === "components" && to === "app")
    return `imports ${target}: components/ knows no page; hand the action down as a prop`;
  if (from === "lib" && ["app", "components", "e2e", "middleware"].includes(to))
    return `imports ${target}: lib/ knows nothing above it`;
  if (from === "e2e" && to === "lib" && !isIn("lib/testing", target))
    return `imports ${target}: stories share lib/testing with the unit tests, and nothing else`;
  return from === "lib" && to === "lib" ? reasonWithinLib(file, target) : null;
}

function reasonWithinLib(file: string, target: string): string | null {
  const [from, to] = [folderOf(file), folderOf(target)];
  if (from === to || BESIDE.includes(from)) return null;
  // A test may use what tests share.
  if (to === "testing") return /\.test\.tsx?$/.test(file) ? null : `imports ${target}: that is for tests`;
  const [lower, upper] = [rankOf(to), rankOf(from)];
  if (lower < 0) return `imports ${target}: lib/${to} is beside the layers`;
  if (lower > upper) return `imports ${target}: lib/${to} is above lib/${from}`;
  return lower === upper ? `imports ${target}: lib/${to} and lib/${from} are on one layer` : null;
}

function rankOf(folder: string): number {
  return LAYERS.findIndex((folders) => folders.includes(folder));
}

function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Files that say "use client", and what they import of app/ and components/, as far as no server action is reached. */
function findClientFiles(root: string, files: string[], imports: Map<string, Import[]>): Set<string> {
  const text = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
  const isAction = (file: string) => /^\s*["']use server["']/.test(text.get(file) ?? "");
  const found = new Set(files.filter((file) => /^\s*["']use client["']/.test(text.get(file) ?? "")));
  for (const file of found)
    for (const { target } of imports.get(file) ?? []) {
      const imported = files.find((candidate) => withoutExtension(candidate) === target);
      if (imported && !isAction(imported) && !imported.startsWith("lib/")) found.add(imported);
    }
  return found;
}

/** `import … from "x"`, the end of one over several lines, `import "x"`, `export … from "x"`, and `import("x")` anywhere. */
const SPECIFIER =
  /(?:^\s*(?:import|export)\b[^"']*\bfrom\s+|^\s*\}\s*from\s+|^\s*import\s+|\bimport\(\s*)["']([^"']+)["']/g;

function importsOf(root: string, file: string): Import[] {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  return lines.flatMap((text, index) =>
    [...text.matchAll(SPECIFIER)].flatMap(([, specifier = ""]) => {
      const target = targetOf(file, specifier);
      return target === null ? [] : [{ file, line: index + 1, target }];
    }),
  );
}

/** Null for a package. */
function targetOf(file: string, specifier: string): string | null {
  if (specifier.startsWith("@/")) return withoutExtension(specifier.slice(2));
  if (!specifier.startsWith(".")) return null;
  return withoutExtension(normalize(join(dirname(file), specifier)));
}

function withoutExtension(path: string): string {
  return path.replace(/\.(?:tsx?|mjs|json)$/, "").replace(/\/index$/, "");
}

function sourcesIn(root: string, folder: string): string[] {
  const path = join(root, folder);
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => relative(root, join(path, name)))
    .filter((name) => /\.(?:tsx?|mjs)$/.test(name) && statSync(join(root, name)).isFile());
}
