import { openDatabase } from "../lib/testing/look-in";
import { expect, isLoggedIn, logIn, newStranger, type Person, register, test } from "./fixtures";
import type { AppServer } from "./support/server";
import { Visitor } from "./support/visitor";

const both = { tag: "@both" };

const ROUNDS = 3;
const AT_ONCE = 6;
/** Registrations answered before the server is killed; at 6 at once others are always under way. */
const ANSWERED = 10;

test(
  "kill -9 amid registrations loses no account whose owner was told of it",
  both,
  async ({ ownServer }) => {
    let server = await ownServer();
    const told: Person[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await registerUntilKilled(server, told, round * ANSWERED);
      server = await ownServer(server.settings);
    }

    const database = openDatabase(server.databaseUrl);
    const rows = await database.query<{ email: string }>('SELECT "email" FROM "User"');
    const kept = new Set(rows.map(({ email }) => email));
    expect(told.length).toBeGreaterThanOrEqual(ROUNDS * ANSWERED);
    expect(told.filter(({ email }) => !kept.has(email))).toEqual([]);
    if (database.kind === "sqlite")
      expect(await database.query("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);

    const visitor = new Visitor(server.origin);
    for (const person of told.slice(-1)) await logIn(visitor, person);
    expect(await isLoggedIn(visitor)).toBe(true);
  },
);

test("a login answered before kill -9 is still a login after", both, async ({ ownServer }) => {
  const server = await ownServer();
  const visitor = new Visitor(server.origin);
  await logIn(visitor, await register(visitor));
  server.kill("SIGKILL");
  await server.exit;
  const again = await ownServer(server.settings);
  const returned = new Visitor(again.origin);
  for (const [name, value] of visitor.cookies) returned.cookies.set(name, value);
  expect(await isLoggedIn(returned)).toBe(true);
});

/** Registers people without pause, noting whom the server answered, and kills it in mid-work. */
async function registerUntilKilled(server: AppServer, told: Person[], enough: number): Promise<void> {
  const registerForEver = async () => {
    for (;;) {
      const person = newStranger();
      const { username, email, password } = person;
      const answer = await new Visitor(server.origin)
        .submit("/register", { username, email, password, confirmation: password })
        .catch(() => null);
      if (!answer) return;
      if (answer.location === `${server.origin}/login`) told.push(person);
      if (told.length >= enough) server.kill("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, registerForEver));
  await server.exit;
}
