import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import type { Spread } from "./tools";

/** What one part has measured, each bar over all its rounds. */
export interface Section {
  letter: string;
  title: string;
  /** What the bars are multiples of. */
  unit: string;
  /** What `bar` is: the least that is aimed at, where nothing is said. */
  aim?: "at most";
  /** Heads of what a bar says besides. */
  columns: string[];
  bars: (Spread & { name: string; bar: number | null; more: string[] })[];
  notes?: string[];
}

const FOLDER = join(import.meta.dirname, "../../.github");

const REPORT = join(FOLDER, "BENCHMARK.md");

const HEAD = [
  "# Benchmark",
  "Written by `npm run bench`, and (m) and (m') by `npm run bench -- m`. The load comes from a process on the same cores. Medians over rounds in which everything is measured in turn, and the lowest and the highest round.",
  "![The figures of (e) and (a') as bars](benchmark.svg)",
];

/** Writes parts into `.github/BENCHMARK.md`: what is there of other parts stays. */
export function writeReport(sections: Section[]): void {
  const parts = new Map<string, string>();
  for (const text of readFileSync(REPORT, "utf8")
    .split(/\n+(?=## \()/)
    .slice(1))
    parts.set(text.slice("## (".length, text.indexOf(")")), text.trimEnd());
  const [cpu] = cpus();
  const machine = `Measured on ${availableParallelism()} cores (${cpu?.model.trim()}) under Node ${process.versions.node}.`;
  for (const section of sections) parts.set(section.letter, `${tableOf(section)}\n\n${machine}`);
  writeFileSync(REPORT, `${[...HEAD, ...parts.values()].join("\n\n")}\n`);
}

/** Writes the plot in it. */
export function writePlot(sections: Section[]): void {
  writeFileSync(join(FOLDER, "benchmark.svg"), plotOf(sections));
}

/** One part as a table of Markdown, which is also read on a terminal. */
export function tableOf({ letter, title, unit, aim, columns, bars, notes = [] }: Section): string {
  const rows = [
    ["", unit, "lowest to highest", aim ?? "at least", ...columns],
    ...bars.map(({ name, middle, lowest, highest, bar, more }) => [
      name,
      middle.toFixed(2),
      `${lowest.toFixed(2)} to ${highest.toFixed(2)}`,
      bar === null ? "" : `${bar}`,
      ...more,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [
    `## (${letter}) ${title}`,
    "",
    lines[0],
    rule,
    ...lines.slice(1),
    ...notes.flatMap((note) => ["", note]),
  ].join("\n");
}

const ROW = 26;
const LABELS = 220;
const BARS = 420;
const WIDTH = LABELS + BARS + 90;

/** Colours of both grounds, after those of the pages. */
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #1c2028 }
.title { font-weight: 600 }
.value { font-variant-numeric: tabular-nums }
.ground { fill: #fbfaf8 }
.bar { fill: #b98a3e }
.spread { stroke: #1c2028; stroke-width: 1.5 }
.least { stroke: #5a606b; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #f1eeea }
  .ground { fill: #11141a }
  .spread { stroke: #f1eeea }
  .least { stroke: #a5abb5 }
}`;

function plotOf(sections: Section[]): string {
  let top = 12;
  const parts = sections.map((section) => {
    const part = panelOf(section, top);
    top += (section.bars.length + 1) * ROW + 24;
    return part;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}" role="img">
<title>Medians over the rounds, with the lowest and the highest; a dashed line marks what is aimed at</title>
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${top}" rx="8"/>
${parts.join("\n")}
</svg>
`;
}

function panelOf({ letter, title, bars }: Section, top: number): string {
  const most = Math.max(...bars.flatMap(({ highest, bar }) => [highest, bar ?? 0, 1]));
  const x = (value: number) => (LABELS + (value / most) * BARS).toFixed(1);
  const rows = bars.map(({ name, middle, lowest, highest, bar }, index) => {
    const y = top + (index + 1) * ROW;
    const least = bar === null ? "" : `<path class="least" d="M${x(bar)} ${y - 1}v${ROW - 4}"/>`;
    return `<text x="${LABELS - 10}" y="${y + 15}" text-anchor="end">${escapeXml(name.replaceAll("`", ""))}</text>
<path class="bar" d="M${LABELS} ${y + 3}H${x(middle)}v16H${LABELS}z"/>
<path class="spread" d="M${x(lowest)} ${y + 11}H${x(highest)}"/>${least}
<text class="value" x="${Number(x(highest)) + 8}" y="${y + 15}">${middle.toFixed(2)}</text>`;
  });
  return `<text class="title" x="16" y="${top + 16}">(${letter}) ${escapeXml(title)}</text>\n${rows.join("\n")}`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
