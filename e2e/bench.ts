import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Mailbox } from "../lib/testing/mail-sink";
import { ensureBuild } from "../lib/testing/product";
import { removeFolder, temporaryFolder } from "../lib/testing/temporary-folder";
import { benchBurst } from "./bench/burst";
import { benchClock } from "./bench/clock";
import { benchLogins } from "./bench/logins";
import { benchMillion } from "./bench/million";
import { benchPages } from "./bench/pages";
import { type Section, tableOf, writePlot, writeReport } from "./bench/report";
import { agent } from "./bench/tools";
import { benchWholeLogins } from "./bench/whole-logins";
import { SERVER_KINDS, type ServerKind, startServer } from "./support/server";

interface Part {
  letters: string[];
  /** Answers what goes into the report; what does not, it prints. */
  run: (origin: string) => Promise<Section[]> | Promise<void>;
  sendsMail: boolean;
}

/** Each on a server and an empty database of its own. (a) and (b) are measured in the same rounds. */
const PARTS: Part[] = [
  { letters: ["e"], run: benchPages, sendsMail: true },
  { letters: ["a'"], run: benchWholeLogins, sendsMail: false },
  { letters: ["a", "b"], run: benchLogins, sendsMail: false },
  { letters: ["c"], run: benchClock, sendsMail: true },
  { letters: ["d"], run: benchBurst, sendsMail: false },
];

/** The sections that a report has. */
const REPORTED = 3;

/** Not among the rest: it needs gigabytes, and half an hour the first time. */
const MILLION = "m";

/** Of (m), which has no place in the report with fewer. */
const ROUNDS = 5;

const LETTERS = [...PARTS.flatMap(({ letters }) => letters), MILLION];

/**
 * `npm run bench` measures everything in some fifteen minutes, `npm run bench -- c d` only these parts, and
 * `npm run bench -- a --server next` under `next start` (or `standalone`), `npm run bench -- d --processes 2` from two. What
 * (e) and (a') measure under our own server, from one process, goes to `.github/`, where both were, and so does (m) as a whole.
 *
 * `npm run bench -- m` compares a million accounts with a hundred, on SQLite and PostgreSQL; `--scale 0.01` takes ten thousand,
 * `--database sqlite` one of the two, `--rounds 3` a quick look. `--folder` is where the large databases are kept for the next time, 5 GB each.
 */
async function bench(chosen: string[], serverKind: ServerKind, processes: string): Promise<void> {
  await ensureBuild();
  console.log(`Served by: ${serverKind}, from ${processes} process${processes === "1" ? "" : "es"}`);
  const mailbox = new Mailbox();
  await mailbox.start();
  const sections: Section[] = [];
  for (const { letters, run, sendsMail } of PARTS) {
    if (chosen.length > 0 && !letters.some((letter) => chosen.includes(letter))) continue;
    const folder = await temporaryFolder("bench");
    const settings = { DATA_DIR: folder, WEB_CONCURRENCY: processes, ...(sendsMail && mailbox.settings) };
    const server = await startServer(settings, { serverKind });
    try {
      const measured = (await run(server.origin)) ?? [];
      sections.push(...measured);
      for (const section of measured) console.log(`\n${tableOf(section)}\n`);
    } finally {
      await server.stop();
      await removeFolder(folder);
    }
  }
  await mailbox.stop();
  agent.destroy();
  if (sections.length < REPORTED || serverKind !== "own" || processes !== "1") return;
  writeReport(sections);
  writePlot(sections);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: "string", default: "own" },
    processes: { type: "string", default: "1" },
    scale: { type: "string", default: "1" },
    rounds: { type: "string", default: String(ROUNDS) },
    database: { type: "string" },
    folder: { type: "string", default: join(tmpdir(), "latchkey-million") },
  },
});
const unknown = positionals.filter((letter) => !LETTERS.includes(letter));
const serverKind = SERVER_KINDS.find((kind) => kind === values.server);
if (unknown.length > 0) throw new Error(`There is no part ${unknown}; there are ${LETTERS.join(", ")}.`);
if (!serverKind)
  throw new Error(`There is no server ${values.server}; there are ${SERVER_KINDS.join(", ")}.`);
const kinds = (["sqlite", "postgres"] as const).filter((kind) => (values.database ?? kind) === kind);
if (kinds.length === 0)
  throw new Error(`There is no database ${values.database}; there are sqlite, postgres.`);
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 1)) throw new Error(`--scale is above 0 and at most 1, not ${values.scale}.`);

const isMillion = positionals.includes(MILLION);
if (!isMillion || positionals.length > 1)
  await bench(
    positionals.filter((letter) => letter !== MILLION),
    serverKind,
    values.processes,
  );
if (isMillion) {
  await ensureBuild();
  const rounds = Number(values.rounds);
  const sections = await benchMillion({ scale, folder: values.folder, kinds, rounds, serverKind });
  agent.destroy();
  if (scale === 1 && rounds >= ROUNDS && serverKind === "own") writeReport(sections);
}
