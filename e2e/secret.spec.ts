import { openDatabase } from "../lib/testing/look-in";
import { MINUTE_MS } from "../lib/testing/product";
import { expect, isLoggedIn, logIn, newMember, SESSION_COOKIE, test, tryLogIn } from "./fixtures";
import { failTooOften } from "./support/backoff";
import { fullName } from "./support/cookie-jar";
import { newAddress, textOf, Visitor } from "./support/visitor";

const OLD = "the secret until today, of more than 32 characters";
const NEW = "the secret from today on, which no one has seen yet";

test("a new AUTH_SECRET logs no one out, and known browsers stay known", async ({ ownServer }) => {
  const first = await ownServer({ AUTH_SECRET: OLD });
  const address = newAddress();
  const network = { "x-forwarded-for": address };
  const owner = new Visitor(first.origin, network);
  const database = openDatabase(first.databaseUrl);
  const person = await newMember(database);
  await logIn(owner, person, true);
  await first.stop();

  const { origin } = await ownServer({ ...first.settings, AUTH_SECRET: NEW });
  const inside = returning(owner, origin, network);
  expect(await isLoggedIn(inside)).toBe(true);

  // A known browser waits for its own failures only: strangers' failures do not keep it out.
  const outside = returning(owner, origin, network);
  outside.cookies.delete(fullName(first.origin, SESSION_COOKIE));
  await failTooOften(database, person.email, address, new Date(Date.now() + MINUTE_MS));
  expect(textOf((await tryLogIn(new Visitor(origin, network), person)).body)).toContain("Too many attempts.");
  await logIn(outside, person);
});

/** The same browser at another address of ours. */
function returning({ cookies }: Visitor, origin: string, headers: Record<string, string>): Visitor {
  const visitor = new Visitor(origin, headers);
  for (const [name, value] of cookies) visitor.cookies.set(name, value);
  return visitor;
}
