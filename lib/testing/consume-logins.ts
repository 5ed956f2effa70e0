/**
 * Attempts so many logins to one account at the same moment, and prints how many were admitted. It says "ready" first and
 * waits for a line, so that several processes can be let go together. Run by lib/cli/run.mjs.
 */
import { once } from "node:events";
import { db } from "../platform/db";
import { consumeLogin } from "../security/rate-limits/login-limits";

const [emailCanonical = "", ip = "", times = "0"] = process.argv.slice(2);
await db.loginBackoff.count(); // connected: no process has a head start
console.log("ready");
await once(process.stdin, "data");
const attempts = await Promise.all(
  Array.from({ length: Number(times) }, () => consumeLogin(emailCanonical, null, { ip })),
);
console.log(attempts.filter(({ ok }) => ok).length);
await db.$disconnect();
process.stdin.destroy();
