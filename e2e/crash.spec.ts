import { openDatabase } from "../lib/testing/look-in";
import { expect, isLoggedIn, logIn, newStranger, type Person, register, test } from "./fixtures";
import type { AppServer } from "./support/server";
import { Visitor } from "./support/visitor";

const AT_ONCE = 6;
/** Registrations answered before the server is killed; at 6 at once others are always under way. */
const ANSWERED = 10;

test("kill -9 amid registrations loses no account whose owner was told of it, no login and no email", async ({
  ownServer,
  ownMailbox: mailbox,
}) => {
  const first = await ownServer(mailbox.settings);
  mailbox.hold();
  const visitor = new Visitor(first.origin);
  await logIn(visitor, await register(visitor));
  const told = await registerUntilKilled(first);
  mailbox.release();
  expect(mailbox.mails).toHaveLength(0);
  const again = await ownServer(first.settings);

  const database = openDatabase(again.databaseUrl);
  const rows = await database.query<{ email: string }>('SELECT "email" FROM "User"');
  const kept = new Set(rows.map(({ email }) => email));
  expect(told.length).toBeGreaterThanOrEqual(ANSWERED);
  expect(told.filter(({ email }) => !kept.has(email))).toEqual([]);
  if (database.kind === "sqlite")
    expect(await database.query("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);

  await database.query('UPDATE "OutboxEmail" SET "dueAt" = ?', new Date()); // the time of the killed process is over
  for (const { email } of told) await mailbox.latest(email, "verify-email");
  for (const { email } of told) expect(mailbox.to(email, "verify-email")).toHaveLength(1);

  const returned = new Visitor(again.origin);
  for (const [name, value] of visitor.cookies) returned.cookies.set(name, value);
  expect(await isLoggedIn(returned)).toBe(true);
  for (const person of told.slice(-1)) await logIn(new Visitor(again.origin), person);
});

/** Registers people without pause and kills the server in mid-work; answers those whom it told that they have an account. */
async function registerUntilKilled(server: AppServer): Promise<Person[]> {
  const told: Person[] = [];
  const registerForEver = async () => {
    for (;;) {
      const person = newStranger();
      const { username, email, password } = person;
      const answer = await new Visitor(server.origin)
        .submit("/register", { username, email, password, confirmation: password })
        .catch(() => null);
      if (!answer) return;
      if (answer.location === `${server.origin}/login`) told.push(person);
      if (told.length >= ANSWERED) server.kill("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, registerForEver));
  await server.exit;
  return told;
}
