import { readdirSync, readFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Folders with code that asks the database, tests and what tests share left out. */
const LOOKED_THROUGH = ["app", "lib"];
const NO_PRODUCT = /^lib\/testing\/|\.test\.tsx?$/;

const MODELS = [...readFileSync(join(ROOT, "prisma/schema.prisma"), "utf8").matchAll(/^model (\w+)/gm)]
  .map(([, name = ""]) => name[0]?.toLowerCase() + name.slice(1))
  .join("|");

/** A query in the code: `tx.session.findMany(`, or one in SQL. */
const QUERY = new RegExp(
  `\\.(${MODELS})\\s*\\.(find|create|update|delete|upsert|count|groupBy|aggregate)\\w*\\(|\\.\\$(query|execute)Raw`,
  "g",
);

/** How often a stretch of a script ran, as V8 counts it. */
interface Range {
  startOffset: number;
  endOffset: number;
  count: number;
}

/**
 * Counts from now on what runs in this process; what it answers lists the queries of the app's code that have not. So a
 * query that is added without a thought for its plan does not go unseen. To be called before the app is imported.
 */
export function watchQuerySites(): () => string[] {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  session.post("Debugger.enable");
  return () => {
    const ran = new Map<string, boolean[]>();
    session.post("Profiler.takePreciseCoverage", (_error, { result }) => {
      for (const { scriptId, url, functions } of result) {
        const path = pathOf(url);
        if (path === null) continue;
        const ranges = functions.flatMap((each) => each.ranges);
        session.post("Debugger.getScriptSource", { scriptId }, (_failed, { scriptSource }) => {
          const code = scriptSource.replace(/^\/\/# source.*$/gm, "");
          const before = ran.get(path) ?? []; // a file may be loaded again
          ran.set(
            path,
            [...code.matchAll(QUERY)].map(({ index }, at) => before[at] || countAt(index, ranges) > 0),
          );
        });
      }
    });
    session.disconnect();
    return filesOf(LOOKED_THROUGH).flatMap((path) => {
      const code = readFileSync(join(ROOT, path), "utf8");
      const [sites, ofFile = []] = [[...code.matchAll(QUERY)], ran.get(path)];
      return sites.flatMap(({ 0: query, index }, at) =>
        ofFile.length === sites.length && ofFile[at]
          ? []
          : [`${path}:${code.slice(0, index).split("\n").length} ${query}…)`],
      );
    });
  };
}

function pathOf(url: string): string | null {
  const path = url.replace(/^file:\/\//, "").replace(/\?.*$/, "");
  return path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length + 1) : null;
}

/** What counts is the innermost of the stretches around a place. */
function countAt(offset: number, ranges: Range[]): number {
  const around = ranges.filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset);
  const size = ({ startOffset, endOffset }: Range) => endOffset - startOffset;
  return around.sort((one, other) => size(one) - size(other))[0]?.count ?? 0;
}

function filesOf(folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name}`)
      .filter((path) => /\.tsx?$/.test(path) && !NO_PRODUCT.test(path)),
  );
}
