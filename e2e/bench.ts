import { parseArgs } from "node:util";
import { Mailbox } from "../lib/testing/mail-sink";
import { ensureBuild } from "../lib/testing/product";
import { removeFolder, temporaryFolder } from "../lib/testing/temporary-folder";
import { benchBurst } from "./bench/burst";
import { benchClock } from "./bench/clock";
import { benchLogins } from "./bench/logins";
import { agent } from "./bench/tools";
import { SERVER_KINDS, type ServerKind, startServer } from "./support/server";

/** Each on a server and an empty database of its own. (a) and (b) are measured in the same rounds. */
const PARTS = [
  { letters: ["a", "b"], run: benchLogins, sendsMail: false },
  { letters: ["c"], run: benchClock, sendsMail: true },
  { letters: ["d"], run: benchBurst, sendsMail: false },
];

const LETTERS = PARTS.flatMap(({ letters }) => letters);

/**
 * `npm run bench` measures everything in some eight minutes, `npm run bench -- c d` only these parts, and
 * `npm run bench -- a --server next` under `next start` (or `standalone`).
 */
async function bench(chosen: string[], serverKind: ServerKind): Promise<void> {
  await ensureBuild();
  console.log(`Served by: ${serverKind}`);
  const mailbox = new Mailbox();
  await mailbox.start();
  for (const { letters, run, sendsMail } of PARTS) {
    if (chosen.length > 0 && !letters.some((letter) => chosen.includes(letter))) continue;
    const folder = await temporaryFolder("bench");
    const settings = { DATA_DIR: folder, ...(sendsMail && mailbox.settings) };
    const server = await startServer(settings, { serverKind });
    try {
      await run(server.origin);
    } finally {
      await server.stop();
      await removeFolder(folder);
    }
  }
  await mailbox.stop();
  agent.destroy();
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { server: { type: "string", default: "own" } },
});
const unknown = positionals.filter((letter) => !LETTERS.includes(letter));
const serverKind = SERVER_KINDS.find((kind) => kind === values.server);
if (unknown.length > 0) throw new Error(`There is no part ${unknown}; there are ${LETTERS.join(", ")}.`);
if (!serverKind)
  throw new Error(`There is no server ${values.server}; there are ${SERVER_KINDS.join(", ")}.`);
await bench(positionals, serverKind);
