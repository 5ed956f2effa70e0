/**
 * Runs a script of this folder: `node lib/cli/run.mjs user unlock ada@example.com`. It reads our TypeScript without a
 * build and lets it import what is for the server only: here is no browser it could leak to. Nothing is kept of what it
 * read: where the checkout cannot be written to, jiti would put code to run later into /tmp, which every user shares.
 */
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";

const [node = "", , script = "", ...args] = process.argv;
const serverOnly = fileURLToPath(new URL("../../node_modules/server-only/empty.js", import.meta.url));

process.argv = [node, script, ...args];
await createJiti(import.meta.url, { alias: { "server-only": serverOnly }, fsCache: false }).import(
  `./${script}.ts`,
);
