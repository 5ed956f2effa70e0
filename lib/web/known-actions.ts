import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeFolder, IN_USE } from "../platform/folders";

let known: ReadonlySet<string> | null | undefined;

/** The names of all server actions of the build that is served; null in development, where they come with their pages. */
export function knownActions(): ReadonlySet<string> | null {
  if (known === undefined) known = process.env.NODE_ENV === "production" ? readActions() : null;
  return known;
}

function readActions(): ReadonlySet<string> | null {
  const build = process.env.LATCHKEY_BUILD_DIR ?? IN_USE;
  const file = join(/* turbopackIgnore: true */ codeFolder(), build, "server/server-reference-manifest.json");
  try {
    const { node } = JSON.parse(readFileSync(file, "utf8")) as { node: Record<string, unknown> };
    return new Set(Object.keys(node));
  } catch {
    return null; // Next answers in its own words then
  }
}
