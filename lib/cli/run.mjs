/**
 * Runs a script of this folder: `node lib/cli/run.mjs user unlock ada@example.com`. It reads our TypeScript without a
 * build and lets it import what is for the server only: here is no browser it could leak to. Nothing is kept of what it
 * read, unless JITI_FS_CACHE names a folder for that, as the tests do: by itself jiti would take /tmp where the checkout
 * cannot be written to, and every user could put code there for us to run.
 */
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";

const [node = "", , script = "", ...args] = process.argv;
const serverOnly = fileURLToPath(new URL("../../node_modules/server-only/empty.js", import.meta.url));

process.argv = [node, script, ...args];
await createJiti(import.meta.url, {
  alias: { "server-only": serverOnly },
  fsCache: process.env.JITI_FS_CACHE ?? false,
}).import(`./${script}.ts`);
