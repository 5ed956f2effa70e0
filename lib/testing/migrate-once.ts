/** Migrates the database given from the folder given, and prints what was applied as JSON. */
import { migrate } from "../db/migrate";

const [databaseUrl = "", folder] = process.argv.slice(2);
console.log(JSON.stringify(await migrate(databaseUrl, folder)));
