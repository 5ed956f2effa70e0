/**
 * Migrates the database given from the folder given, and prints what was applied as JSON. It says "ready" first and
 * waits for a line, so that several can be let go at the same moment.
 */
import { once } from "node:events";
import { migrate } from "../platform/db/migrations/migrate";

const [databaseUrl = "", folder] = process.argv.slice(2);
console.log("ready");
await once(process.stdin, "data");
console.log(JSON.stringify(await migrate(databaseUrl, folder)));
process.stdin.destroy();
