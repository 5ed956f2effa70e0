import { newAuthenticator } from "../lib/testing/person";
import { MINUTE_S, SECOND_MS } from "../lib/testing/product";
import { expect, newStranger, type Person, test, testAlone, tryLogIn } from "./fixtures";
import { failTooOften } from "./support/backoff";
import { type Answer, newAddress, textOf, Visitor } from "./support/visitor";

const UNSUCCESSFUL = "Login Unsuccessful. Please check email and password";
const THROTTLED = "Too many attempts. Please try again in 10 minutes.";

const WRONG = "not the password at all";
/** One byte more than bcrypt looks at. */
const OVER_LONG = "x".repeat(73);

/** The wait in these stories, in seconds: for its first minute a visitor reads "10 minutes". */
const WAIT_S = 10 * MINUTE_S - 1;

type Credentials = Pick<Person, "email" | "password">;

const ways: { way: string; attempt: (visitor: Visitor, credentials: Credentials) => Promise<Answer> }[] = [
  { way: "the form", attempt: tryLogIn },
  { way: "the credentials route", attempt: tryCredentials },
];

for (const { way, attempt } of ways) {
  test(`at ${way} an unknown email, a wrong password and an over-long one get the same answer, byte for byte, with a second factor or without`, async ({
    site,
    registered,
    database,
  }) => {
    const [{ email }, withApp] = [await registered(), await registered()];
    await newAuthenticator(database, withApp);
    const [wrong, ...others] = await Promise.all(
      [
        { email, password: WRONG },
        { email: newStranger().email, password: WRONG },
        { email: withApp.email, password: WRONG },
        { email, password: OVER_LONG },
        { email: newStranger().email, password: OVER_LONG },
      ].map(async (credentials) =>
        asEveryoneSeesIt(await attempt(new Visitor(site.origin), credentials), credentials),
      ),
    );
    if (way === "the form") expect(textOf(wrong?.body ?? "")).toContain(UNSUCCESSFUL);
    expect(wrong?.status).toBe(way === "the form" ? 200 : 303);
    for (const other of others) expect(other).toEqual(wrong);
  });

  test(`at ${way} the answer to too many failures is the same whether or not an account has that address`, async ({
    site,
    registered,
    database,
  }) => {
    const { email, password } = await registered();
    const answers: ReturnType<typeof asEveryoneSeesIt>[] = [];
    for (const credentials of [
      { email, password: WRONG },
      { email, password },
      { email: newStranger().email, password: WRONG },
      { email, password: OVER_LONG },
    ]) {
      const address = newAddress();
      const visitor = new Visitor(site.origin, { "x-forwarded-for": address });
      const opensAt = new Date(Date.now() + WAIT_S * SECOND_MS);
      await failTooOften(database, credentials.email, address, opensAt);
      const answer = await attempt(visitor, credentials);
      const wait = Number(answer.headers["retry-after"]);
      expect(wait).toBeGreaterThanOrEqual((opensAt.getTime() - Date.now()) / 1000);
      expect(wait).toBeLessThanOrEqual(WAIT_S);
      answers.push(asEveryoneSeesIt(answer, credentials));
    }
    const [known, ...others] = answers;
    expect(known?.status).toBe(way === "the form" ? 200 : 429);
    if (way === "the form") expect(textOf(known?.body ?? "")).toContain(THROTTLED);
    for (const other of others) expect(other).toEqual(known);
  });
}

testAlone(
  "a throttled attempt costs no hash: it is answered while others still wait for theirs",
  async ({ server, database }) => {
    const address = newAddress();
    const throttled = new Visitor(server.origin, { "x-forwarded-for": address });
    const { email } = newStranger();
    await failTooOften(database, email, address, new Date(Date.now() + WAIT_S * SECOND_MS));
    const page = await throttled.get("/login");

    let waiting = 0;
    const crowd = Array.from({ length: 12 }, async () => {
      waiting++;
      await new Visitor(server.origin).send("/login", page, credentialsWithoutAccount());
      waiting--;
    });
    await Promise.race(crowd);
    const answer = await throttled.send("/login", page, { email, password: WRONG });
    // One that asked for a hash would come after everyone who waits.
    expect(textOf(answer.body)).toContain(THROTTLED);
    expect(answer.status).toBe(200);
    expect(waiting, "how many still wait").toBeGreaterThan(4);
    await Promise.all(crowd);
  },
);

/** What of an answer could tell one visitor from another: all but what is new in every answer, and what they typed. */
function asEveryoneSeesIt(answer: Answer, { email }: Credentials) {
  const nonce = /'nonce-([^']+)'/.exec(String(answer.headers["content-security-policy"]))?.[1] ?? "no nonce";
  const secret = /name="\$page" value="([^"]+)"/.exec(answer.body)?.[1] ?? "no secret";
  const same = (text: string) =>
    text
      .replaceAll(nonce, "NONCE")
      .replaceAll(secret, "SECRET")
      .replaceAll(email, "EMAIL")
      .replace(/(csrf=)[^;]*/i, "$1TOKEN")
      .replace(/(expires=)[^;]*/i, "$1DATE");
  const { date: _date, "x-request-id": _id, "retry-after": _wait, ...headers } = answer.headers;
  return {
    status: answer.status,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().map(same)]),
    ),
    asksToWait: "retry-after" in answer.headers,
    // Next sends its data in pieces, cut where the time of the server's work cuts them.
    body: same(answer.body).replaceAll('"])</script><script nonce="NONCE">self.__next_f.push([1,"', ""),
  };
}

function credentialsWithoutAccount(): Credentials {
  return { email: newStranger().email, password: WRONG };
}

/** Tries to log in past the form, as a program would. */
async function tryCredentials(visitor: Visitor, { email, password }: Credentials): Promise<Answer> {
  const { csrfToken } = JSON.parse((await visitor.get("/api/auth/csrf")).body);
  return visitor.request("/api/auth/callback/credentials", {
    method: "POST",
    body: new URLSearchParams({ email, password, csrfToken }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", origin: visitor.origin },
  });
}
