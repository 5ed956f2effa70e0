/** What the operator can do for one account: `npm run user -- reset-link ada@example.com`. */
import { existsSync } from "node:fs";
import nextEnv from "@next/env";
import type { ClientInfo } from "../platform/client-info";
import { isDatabaseUnavailable } from "../platform/db/errors";
import { sqlitePath } from "../platform/db/url";
import { ConfigurationError, env } from "../platform/env";
import { ROOT } from "../server/root";
import { linkPath } from "../shared/links";
import { canonical } from "../shared/schemas";

const COMMANDS = { unlock: unlockAccount, "reset-link": makeResetLink } as const;

const USAGE = `Usage: npm run user -- ${Object.keys(COMMANDS).join("|")} <email>`;

/** The operator acts on this machine and not by a request. */
const NOBODY: ClientInfo = { ip: null, userAgent: null, requestId: null, browserToken: null };

/** Something the operator can mend. The message is one sentence that says what. */
class CommandError extends Error {
  override name = "CommandError";
}

/** Carries a command out and answers the sentence to print. @throws CommandError and ConfigurationError */
async function run([command, email, ...rest]: string[]): Promise<string> {
  const carryOut = Object.entries(COMMANDS).find(([name]) => name === command)?.[1];
  if (!carryOut || !email || rest.length > 0) throw new CommandError(USAGE);
  process.chdir(ROOT);
  nextEnv.loadEnvConfig(ROOT, false, { info: () => {}, error: console.error }); // as `npm start` does
  process.env.LOG_LEVEL = "silent"; // whoever typed this waits for one sentence; the account's history has the event
  assertDatabaseExists();
  // Loaded only now: the client looks at the environment while loading.
  const { db } = await import("../platform/db");
  try {
    return await carryOut(email.trim());
  } finally {
    await db.$disconnect();
  }
}

async function unlockAccount(email: string): Promise<string> {
  const [{ unlock }, { record }] = await Promise.all([
    import("../security/rate-limits/rate-limits"),
    import("../security/audit"),
  ]);
  const user = await findUser(email);
  if (!(await unlock(canonical(email)))) return `${user.email} was not locked: it has no failed logins.`;
  await record("unlocked", { userId: user.id }, NOBODY);
  return `${user.email} can log in again: its failed logins are forgotten.`;
}

/** The link a letter would carry, for where none can be sent. Whoever has it has the account: hand it over in person. */
async function makeResetLink(email: string): Promise<string> {
  const [{ db }, { makeMailToken }, { record }] = await Promise.all([
    import("../platform/db"),
    import("../security/link-tokens"),
    import("../security/audit"),
  ]);
  const user = await findUser(email);
  const owner = { userId: user.id, emailCanonical: canonical(email), isMailed: false };
  const { token, expiresAt } = await db.$transaction(async (tx) => {
    await record("reset-link-made", { userId: user.id }, NOBODY, tx);
    return makeMailToken("reset-password", owner, tx);
  });
  const link = env().publicUrl.origin + linkPath("reset-password", token);
  return `${user.email} can choose a new password here, once, until ${expiresAt.toISOString()}:\n${link}`;
}

/** @throws CommandError where nobody has that address */
async function findUser(email: string): Promise<{ id: string; email: string }> {
  const { db } = await import("../platform/db");
  const user = await db.user.findUnique({
    where: { emailCanonical: canonical(email) },
    select: { id: true, email: true },
  });
  if (!user) throw new CommandError(`No account has the address ${email}.`);
  return user;
}

/** SQLite would make a new, empty file. */
function assertDatabaseExists(): void {
  const path = sqlitePath(env().databaseUrl);
  if (path !== null && !existsSync(path))
    throw new CommandError(`There is no database at ${path}: check DATABASE_URL and DATA_DIR.`);
}

try {
  console.log(await run(process.argv.slice(2)));
} catch (error) {
  const isExpected = error instanceof CommandError || error instanceof ConfigurationError;
  if (isDatabaseUnavailable(error)) console.error("The database does not answer: check DATABASE_URL.");
  else console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}
