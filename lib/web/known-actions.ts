import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { codeFolder, IN_USE } from "../platform/folders";

const manifestSchema = z.object({
  node: z.record(z.string(), z.looseObject({ exportedName: z.string().optional() })),
});

/** What the code calls each action, by the name that forms have for it; "" where the build does not tell. */
type Actions = ReadonlyMap<string, string>;

let known: Actions | null | undefined;

/** All server actions of the build that is served; null in development, where they come with their pages. */
export function knownActions(): Actions | null {
  if (known === undefined) known = process.env.NODE_ENV === "production" ? readActions() : null;
  return known;
}

function readActions(): Actions | null {
  const build = process.env.LATCHKEY_BUILD_DIR ?? IN_USE;
  const file = join(/* turbopackIgnore: true */ codeFolder(), build, "server/server-reference-manifest.json");
  try {
    const { node } = manifestSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    return new Map(Object.entries(node).map(([id, { exportedName = "" }]) => [id, exportedName]));
  } catch {
    return null; // Next answers in its own words then
  }
}
