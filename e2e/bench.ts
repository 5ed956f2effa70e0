import { Mailbox } from "../lib/testing/mail-sink";
import { ensureBuild } from "../lib/testing/product";
import { removeFolder, temporaryFolder } from "../lib/testing/temporary-folder";
import { benchBurst } from "./bench/burst";
import { benchClock } from "./bench/clock";
import { benchLogins } from "./bench/logins";
import { agent } from "./bench/tools";
import { startServer } from "./support/server";

/** Each on a server and an empty database of its own. (a) and (b) are measured in the same rounds. */
const PARTS = [
  { letters: ["a", "b"], run: benchLogins, sendsMail: false },
  { letters: ["c"], run: benchClock, sendsMail: true },
  { letters: ["d"], run: benchBurst, sendsMail: false },
];

/** `npm run bench` measures everything in some eight minutes; `npm run bench -- c d` only these parts. */
async function bench(chosen: string[]): Promise<void> {
  const letters = PARTS.flatMap(({ letters }) => letters);
  const unknown = chosen.filter((letter) => !letters.includes(letter));
  if (unknown.length > 0) throw new Error(`There is no part ${unknown}; there are ${letters.join(", ")}.`);

  await ensureBuild();
  const mailbox = new Mailbox();
  await mailbox.start();
  for (const { letters, run, sendsMail } of PARTS) {
    if (chosen.length > 0 && !letters.some((letter) => chosen.includes(letter))) continue;
    const folder = await temporaryFolder("bench");
    const server = await startServer({ DATA_DIR: folder, ...(sendsMail && mailbox.settings) });
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

await bench(process.argv.slice(2));
