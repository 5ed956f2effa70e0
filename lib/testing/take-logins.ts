/**
 * Takes so many logins for one account at the same moment, and prints how many were admitted. It says "ready" first and
 * waits for a line, so that several processes can be let go together. Run by lib/cli/run.mjs.
 */
import { once } from "node:events";
import { db } from "../platform/db";
import { takeLogin } from "../security/rate-limits/rate-limits";

const [emailCanonical = "", ip = "", times = "0"] = process.argv.slice(2);
const client = { ip, userAgent: null, requestId: null, browserToken: null };
await db.loginBackoff.count(); // connected: nobody has a head start
console.log("ready");
await once(process.stdin, "data");
const admissions = await Promise.all(
  Array.from({ length: Number(times) }, () => takeLogin(emailCanonical, client)),
);
console.log(admissions.filter((admission) => admission.ok).length);
await db.$disconnect();
process.stdin.destroy();
