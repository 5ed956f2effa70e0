import {
  becomeKnown,
  expect,
  isLoggedIn,
  logIn,
  newStranger,
  type Person,
  testAlone as test,
} from "./fixtures";
import type { AppServer } from "./support/server";
import { type Answer, newAddress, textOf, Visitor } from "./support/visitor";

const USERNAME_TAKEN = "That username is taken. Please choose a different one.";
const EMAIL_TAKEN = "That email is taken. Please choose a different one.";

/** So many want one name and one email; others want a name and an email each of their own. */
const RACERS = 10;
const OTHERS = 3;

test("ten people register one name and one email at once, among others: one gets them, nine are told at the fields, the others get in", async ({
  server,
  database,
}) => {
  const shared = newStranger();
  const rivals = Array.from({ length: RACERS }, (_, index) => ({
    ...shared,
    username: spelled(shared.username, index),
    email: spelled(shared.email, index),
  }));
  const others = Array.from({ length: OTHERS }, newStranger);
  const answers = await registerAtOnce(server, [...rivals, ...others]);
  const [ofRivals, ofOthers] = [answers.slice(0, RACERS), answers.slice(RACERS)];

  const success = `${server.origin}/login`;
  expect(ofOthers.map(({ location }) => location)).toEqual(others.map(() => success));
  expect(ofRivals.filter(({ location }) => location === success)).toHaveLength(1);
  const losers = ofRivals.filter(({ location }) => location === null);
  expect(losers).toHaveLength(RACERS - 1);
  for (const { status, body } of losers) {
    expect(status).toBe(200);
    for (const message of [USERNAME_TAKEN, EMAIL_TAKEN]) expect(textOf(body)).toContain(message);
  }

  const rows = await database.query<{ email: string }>('SELECT "emailCanonical" AS "email" FROM "User"');
  const kept = rows.map(({ email }) => email);
  for (const { email } of [shared, ...others])
    expect(kept.filter((other) => other === email.toLowerCase())).toHaveLength(1);
  const visitor = new Visitor(server.origin);
  await logIn(visitor, shared);
  expect(await isLoggedIn(visitor)).toBe(true);
});

test("more logins at once than can wait are asked to come back: one account with six known browsers keeps nobody else waiting", async ({
  server,
  registered,
}) => {
  const [mallory, ada, bob] = [await registered(), await registered(), await registered()];
  const address = { "x-forwarded-for": newAddress() };
  const browsers = Array.from({ length: 6 }, () => new Visitor(server.origin, address));
  for (const browser of browsers) await becomeKnown(browser, mallory);
  const owner = new Visitor(server.origin);
  await becomeKnown(owner, ada);
  const page = await new Visitor(server.origin).get("/login");
  const { email, password } = mallory;
  let answered = 0;
  const flood = [...browsers, ...browsers, ...browsers, ...browsers].map(async (browser) => {
    const answer = await browser.send("/login", page, { email, password });
    answered++;
    return answer;
  });
  expect((await new Visitor(server.origin).get("/register")).status).toBe(200);
  await Promise.all([logIn(owner, ada), logIn(new Visitor(server.origin), bob)]);
  expect(answered, "neither waits for the whole flood").toBeLessThan(flood.length);

  const answers = await Promise.all(flood);
  const turnedAway = answers.filter(({ status }) => status === 503);
  expect(turnedAway.length).toBeGreaterThan(0);
  for (const { headers } of turnedAway) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 303).length).toBeGreaterThan(0);
});

/** Sends every registration in the same moment, from a page each. */
async function registerAtOnce({ origin }: AppServer, people: Person[]): Promise<Answer[]> {
  const ready = await Promise.all(
    people.map(async (person) => {
      const visitor = new Visitor(origin);
      return { visitor, person, page: await visitor.get("/register") };
    }),
  );
  return Promise.all(
    ready.map(({ visitor, person: { username, email, password }, page }) =>
      visitor.send("/register", page, { username, email, password, confirmation: password }),
    ),
  );
}

/** The same name in another case: to us the same. */
function spelled(name: string, index: number): string {
  return index % 2 === 0 ? name.toLowerCase() : name.toUpperCase();
}
