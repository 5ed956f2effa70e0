import { IdentityProvider } from "../lib/testing/identity-provider";
import { openDatabase } from "../lib/testing/look-in";
import { linkIn } from "../lib/testing/mail-sink";
import { newAuthenticator } from "../lib/testing/person";
import {
  announced,
  cookieIn,
  expect,
  expectFieldError,
  field,
  fillIn,
  newStranger,
  press,
  SESSION_COOKIE,
  testWithMail,
  test as withoutProviders,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { answerOf } from "./support/provider-visit";
import type { AppServer } from "./support/server";
import { textOf, Visitor } from "./support/visitor";

/** Where nothing listens. */
const NOWHERE = "http://127.0.0.1:9";

/**
 * The app with two names for one provider, "Acme ID", and "Corp", whose word on an address counts; with one that is down, and
 * one whose settings name another issuer than it is.
 */
const test = testWithMail.extend<{ server: AppServer }, { provider: IdentityProvider }>({
  provider: [
    async ({ databaseKind: _ }, use) => {
      const provider = new IdentityProvider();
      await provider.start();
      await use(provider);
      await provider.stop();
    },
    { scope: "worker" },
  ],
  server: ({ sharedServer, mailbox, provider }, use) => {
    const corp = provider.settings("CORP", { LABEL: "Corp", TRUST_EMAIL: "true" });
    const down = provider.settings("GONE", { LABEL: "Gone", ISSUER: NOWHERE });
    const wrong = provider.settings("WRONG", { LABEL: "Wrong", ISSUER: `${provider.issuer}/other` });
    return sharedServer({ ...mailbox.settings, ...provider.settings(), ...corp, ...down, ...wrong }).then(
      use,
    );
  },
  providerOrigin: ({ provider }, use) => use(provider.issuer),
});

test("someone comes by way of a provider, chooses a username, comes back, sets a password, disconnects and connects again @no-js", async ({
  page,
  context,
  provider,
  mailbox,
  registered,
  javaScriptEnabled,
}) => {
  const look = async () => javaScriptEnabled !== false && expectNoBarriers(page);
  const { username, email } = newStranger();
  const taken = await registered();
  const name = provider.admit({ email, email_verified: true, preferred_username: taken.username });
  const policy = (await page.goto("/account/history"))?.headers()["content-security-policy"];
  expect(policy).toContain(`form-action 'self' ${provider.issuer} ${NOWHERE};`);
  await look();
  await page.getByLabel(javaScriptEnabled === false ? "Stay logged in with Acme ID" : "Remember me").check();
  await press(page, "Log in with Acme ID");
  await page.getByLabel("Name at Acme").fill(name);
  await page.getByRole("button", { name: "Log in at Acme" }).click();

  await expect(page).toHaveTitle("Finish registering · Latchkey");
  await look();
  await expect(field(page, "Email"), "its word on the address does not count").toHaveValue(email);
  await expect(field(page, "Username")).toHaveValue(taken.username);
  await press(page, "Register");
  await expectFieldError(page, "Username", "That username is taken. Please choose a different one.");
  await fillIn(page, { Username: username });
  await press(page, "Register");
  await expect(page).toHaveURL("/account/history");
  await expect(announced(page, "status", "Your account has been created!")).toBeVisible();
  await expect(page.getByRole("main")).toContainText("with your account at Acme ID");
  expect((await cookieIn(context, SESSION_COOKIE))?.expires, "remembered").toBeGreaterThan(0);
  await mailbox.latest(email, "verify-email");

  await page.getByRole("button", { name: "Log out" }).first().click();
  await expect(announced(page, "status", "You are logged out.")).toBeVisible();
  await page.goto("/login?callbackUrl=%2Faccount%2Fconnections");
  await press(page, "Log in with Acme ID"); // where they are logged in still
  await expect(page).toHaveURL("/account/connections");
  await expect(page.getByRole("main")).toContainText("Acme ID");
  await look();
  const disconnect = async () => {
    await page.getByRole("main").getByRole("link", { name: "Disconnect" }).click();
    await press(page, "Disconnect it");
  };
  const asThere = async () => {
    await page.getByLabel("Name at Acme").fill(name);
    await page.getByRole("button", { name: "Log in at Acme" }).click();
  };
  await disconnect();
  await expect(page, "a login that asked nothing is no recent proof").toHaveTitle(
    "Confirm that it is you · Latchkey",
  );
  await press(page, "Confirm with Acme ID");
  await asThere();
  await page.goto("/account/connections");
  await expect(page.getByRole("main")).toContainText(`There you are ${email}`);
  await disconnect();
  await expect(announced(page, "alert", "This is the only way into your account.")).toBeVisible();
  await page.goto("/account/password");
  await fillIn(page, {
    "New password": "open-sesame of a newcomer",
    "Confirm password": "open-sesame of a newcomer",
  });
  await press(page, "Set password");
  await expect(announced(page, "status", "Your account has a password now")).toBeVisible();
  await page.goto("/account/connections");
  await disconnect();
  await expect(announced(page, "status", "Your account is disconnected.")).toBeVisible();
  await press(page, "Connect Corp");
  await asThere();
  await expect(announced(page, "status", "Your account is connected.")).toBeVisible();
  await press(page, "Connect Acme ID");
  await asThere();
  await expect(announced(page, "status", "Your account is connected.")).toBeVisible();
});

/** Presses a provider's button as a browser without a script does, and answers where that leads. */
async function ask(visitor: Visitor, path: string, provider = "acme"): Promise<string> {
  const { location, body, headers } = await visitor.submit(path, { provider });
  expect(JSON.stringify(headers).length, "nginx takes a head of 4 KiB").toBeLessThan(4096);
  if (location === null) throw new Error(`the button leads nowhere: ${textOf(body)}`);
  return location;
}

/** What the page says to which an address leads. */
async function said(visitor: Visitor, link: string): Promise<string> {
  const { page } = await visitor.follow(link);
  expect(page.status).toBe(200);
  return textOf(page.body);
}

test("what is cancelled, late, forged, sent elsewhere or out of reach logs nobody in, and says why at the login", async ({
  site,
  provider,
  visitor,
}) => {
  const name = provider.admit({ email: newStranger().email });
  const here = `/login?callbackUrl=%2Faccount%2Fhistory%3Fa%3D${"x".repeat(700)}`;
  const declined = await answerOf(provider, await ask(visitor, here), "");
  const { path, page } = await visitor.follow(declined);
  expect(path, "where they wanted to go is not lost").toBe(here);
  expect(textOf(page.body)).toContain("this was cancelled there");

  const link = await answerOf(provider, await ask(visitor, here), name);
  expect(await said(new Visitor(site.origin), link)).toContain("begun in another browser");
  const other = new Visitor(site.origin);
  await ask(other, here);
  expect(await said(other, link), "with a question of its own").toContain("begun in another browser");
  expect(await said(visitor, link), "it was not taken from its own browser").toContain("Choose a username");
  expect(await said(visitor, link)).toContain("begun in another browser, took too long, or was answered");

  const changed = async (change: (answer: URL) => void) => {
    const answer = new URL(await answerOf(provider, await ask(visitor, here), name));
    change(answer);
    return said(visitor, answer.href);
  };
  const refused = "answer was not accepted";
  expect(await changed(({ searchParams }) => searchParams.set("iss", "https://evil.example"))).toContain(
    refused,
  );
  expect(await changed(({ searchParams }) => searchParams.delete("iss"))).toContain(refused);
  expect(await changed(({ searchParams }) => searchParams.set("code", "another"))).toContain(
    "answered before",
  );
  const theirs = new URL(await answerOf(provider, await ask(new Visitor(site.origin), here), name));
  const code = theirs.searchParams.get("code") ?? "";
  expect(await changed(({ searchParams }) => searchParams.set("code", code)), "injected").toContain(
    "answered before",
  );

  const forged = [
    [{ iss: "https://evil.example" }, refused],
    [{ aud: "another client" }, refused],
    [{ nonce: "another question's" }, refused],
    [{ exp: 1_000_000_000 }, "its clock and ours differ"],
  ] as const;
  for (const [claims, sentence] of forged) {
    provider.forge = (whole) => ({ ...whole, ...claims });
    expect(await changed(() => {}), JSON.stringify(claims)).toContain(sentence);
  }
  provider.forge = null;
  const late = await answerOf(provider, await ask(visitor, here), name);
  provider.failure = "unavailable";
  expect(await said(visitor, late)).toContain("does not answer at the moment");
  provider.failure = null;
  for (const [which, sentence] of [
    ["gone", "Gone does not answer at the moment."],
    ["wrong", "Wrong cannot be asked"],
    ["none", "does not log in with that provider any more"],
  ])
    expect(textOf((await visitor.submit(here, { provider: which })).body)).toContain(sentence);
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
});

test("an address with an account, a lock, a second factor and another person's session are no way past what the account asks for", async ({
  site,
  provider,
  visitor,
  database,
  registered,
  enter,
}) => {
  const person = await registered({ isVerified: true });
  const name = provider.admit({ email: person.email, email_verified: true });
  const claimed = await said(visitor, await answerOf(provider, await ask(visitor, "/login"), name));
  expect(claimed, "a mere claim learns nothing").toContain("there is no account here yet");
  const proven = await answerOf(provider, await ask(visitor, "/login", "corp"), name);
  const { path, page } = await visitor.follow(proven);
  expect(textOf(page.body)).toContain("You have an account here with that email address already.");
  expect(path).toBe("/login?callbackUrl=%2Faccount%2Fconnections");
  const connections = () =>
    database.query('SELECT "userId", "issuer" FROM "Account" WHERE "providerAccountId" = ?', name);
  expect(await connections()).toEqual([]);

  await enter(visitor, person);
  const link = await answerOf(provider, await ask(visitor, "/account/connections"), name);
  const victim = new Visitor(site.origin);
  const other = await registered({ isVerified: true });
  await enter(victim, other);
  expect(await said(victim, link), "a link that was sent to somebody else").toContain(
    "begun in another browser",
  );
  await enter(visitor, other);
  expect(await said(visitor, link)).toContain("somebody else logged in here meanwhile");
  expect(await connections()).toEqual([]);
  await enter(visitor, person);
  const opened = await visitor.follow("/account/connections");
  const press = async () =>
    (await visitor.send(opened.path, opened.page, { provider: "acme" })).location ?? "";
  expect(await said(visitor, await answerOf(provider, await press(), ""))).toContain("cancelled there");
  const own = await answerOf(provider, await press(), name); // back on the page, by the browser
  expect(await said(visitor, own)).toContain("Your account is connected.");
  expect(await connections()).toEqual([{ userId: person.id, issuer: provider.issuer }]);
  const again = await answerOf(provider, await ask(victim, "/account/connections"), name);
  expect(await said(victim, again)).toContain("connected with another account here");

  await database.query('UPDATE "User" SET "passwordHash" = ? WHERE "id" = ?', null, person.id);
  await database.query(
    'UPDATE "Session" SET "createdAt" = ? WHERE "userId" = ?',
    new Date(Date.now() - 3_600_000),
    person.id,
  );
  const asked = await ask(visitor, "/account/password");
  expect(new URL(asked).searchParams.get("prompt"), "it asks its person anew").toBe("login");
  expect(await said(visitor, await answerOf(provider, asked, provider.admit()))).toContain(
    "not the account that yours is connected with",
  );
  const proof = await answerOf(provider, await ask(visitor, "/account/password"), name);
  expect((await visitor.follow(proof)).path, "proven again").toBe("/account/password");

  await newAuthenticator(database, person);
  const halfProof = await answerOf(provider, await ask(visitor, "/account/password"), name);
  const secondProof = await said(visitor, halfProof);
  expect(secondProof).toContain(`To confirm that you are ${person.username} , type the code`);
  expect(secondProof, "which is no login").not.toContain("Remember this browser");
  const half = new Visitor(site.origin);
  const first = await answerOf(provider, await ask(half, "/login"), name);
  expect(await said(half, first)).toContain("One more step");
  expect(half.cookies.has(SESSION_COOKIE)).toBe(false);
  await database.query('UPDATE "User" SET "lockedByOperatorAt" = ? WHERE "id" = ?', new Date(), person.id);
  const locked = await answerOf(provider, await ask(half, "/login"), name);
  expect(await said(half, locked)).toContain("This account is locked.");
});

test("an account in use on their address becomes nobody's by a provider that lets a borrowed browser through, until it has asked anew @next", async ({
  provider,
  visitor,
  database,
  registered,
}) => {
  const { id, username, email } = await registered({ isVerified: false });
  await database.query('UPDATE "User" SET "firstLoginAt" = ? WHERE "id" = ?', new Date(0), id);
  const name = provider.admit({ email, email_verified: true });
  const { path, page } = await visitor.follow(
    await answerOf(provider, await ask(visitor, "/login", "corp"), name),
  );
  expect(textOf(page.body)).toContain("you have to prove first who you are");
  expect(page.body, "nothing to register with").not.toContain('name="username"');
  const anew = await visitor.submit(path, {}, { button: "Confirm with Corp" });
  expect(new URL(anew.location ?? "").searchParams.get("max_age"), "it is asked anew").toBe("0");
  expect(await said(visitor, await answerOf(provider, anew.location ?? "", ""))).toContain("cancelled there");
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);

  const again = await visitor.submit(path, {}, { button: "Confirm with Corp" });
  const proven = await visitor.follow(await answerOf(provider, again.location ?? "", name));
  expect(proven.path).toBe(path);
  const chosen = { username: newStranger().username };
  const unticked = await visitor.send(path, proven.page, chosen);
  expect(textOf(unticked.body)).toContain("tick the box to make it yours");
  const row = () =>
    database.query('SELECT "id", "username" FROM "User" WHERE "email" = ?', email) as Promise<object[]>;
  expect(await row()).toEqual([{ id, username }]);
  const ticked = await visitor.send(path, proven.page, { ...chosen, takesOver: "on" });
  expect(await said(visitor, ticked.location ?? "")).toContain("Your account has been created!");
  expect(await row()).toEqual([{ id, ...chosen }]);
});

test("where a login needs a confirmed address, the link in the email is enough in the browser that came from the provider, and in no other", async ({
  sharedServer,
  mailbox,
  provider,
}) => {
  const required = { REQUIRE_VERIFIED_EMAIL: "true", REQUIRE_TWO_FACTOR: "true" };
  const settings = { ...mailbox.settings, ...provider.settings(), ...required };
  const { origin, databaseUrl } = await sharedServer(settings);
  const visitor = new Visitor(origin);
  const { username, email } = newStranger();
  const name = provider.admit();
  const { path, page } = await visitor.follow(await answerOf(provider, await ask(visitor, "/login"), name));
  const nameless = await visitor.send(path, page, { username, email: "" });
  expect(textOf(nameless.body), "the provider has named no address").toContain("Enter your email address.");
  const made = await visitor.send(path, page, { username, email });
  expect(await said(visitor, made.location ?? "")).toContain("follow its link, or type its code here");
  const again = await answerOf(provider, await ask(visitor, "/login"), name);
  expect(await said(visitor, again)).toContain("Please confirm your email address first.");
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
  const { email: right } = newStranger();
  expect(await said(visitor, "/correct-email")).toContain(`You registered with ${email}, which is not yours`);
  const corrected = await visitor.submit("/correct-email", { email: right });
  const codePage = await said(visitor, corrected.location ?? "");
  expect(codePage).toContain(
    `Follow the link in our email to ${right} on any device, or type its code here.`,
  );
  const link = linkIn(await mailbox.latest(right, "verify-email"));
  const elsewhere = new Visitor(origin);
  const asked = await elsewhere.submit(link, {}, { button: "Go on with Acme ID" });
  expect(new URL(asked.location ?? "").searchParams.get("prompt"), "another person can be chosen").toBe(
    "login",
  );
  const back = await said(elsewhere, await answerOf(provider, asked.location ?? "", name));
  expect(back).toContain("Confirm this address");
  expect(back).not.toContain("It has no password.");
  expect(await said(new Visitor(origin), link)).toContain(
    "Show that it is yours by the account that it is connected with.",
  );
  const confirmed = await visitor.submit(link, {}, { button: "Confirm this address" });
  const setUp = "Set up an authenticator app";
  expect(await said(visitor, confirmed.location ?? ""), "a newcomer may at once").toContain(setUp);
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);

  const database = openDatabase(databaseUrl);
  const longAgo = new Date(0);
  await database.query('UPDATE "User" SET "firstLoginAt" = ? WHERE "email" = ?', longAgo, right);
  await visitor.follow(await answerOf(provider, await ask(visitor, "/login"), name));
  const ofThem = 'WHERE "userId" = (SELECT "id" FROM "User" WHERE "email" = ?)';
  await database.query(`UPDATE "PendingLogin" SET "provenAt" = ? ${ofThem}`, longAgo, right);
  const onTheWay = "/second-step?callbackUrl=%2Faccount%2Fdata";
  const first = await said(visitor, onTheWay);
  expect(first, "they logged in there long ago").toContain("has to prove first who they are");
  expect(first).not.toContain(setUp);
  const prove = await visitor.submit(onTheWay, {}, { button: "Confirm with Acme ID" });
  expect(new URL(prove.location ?? "").searchParams.get("max_age"), "it is asked anew").toBe("0");
  const other = await visitor.follow(await answerOf(provider, prove.location ?? "", provider.admit()));
  expect(other.path, "somebody unknown here").toBe(onTheWay);
  expect(textOf(other.page.body)).toContain("That is not the account that yours is connected with.");
  const anew = await visitor.submit(onTheWay, {}, { button: "Confirm with Acme ID" });
  const proven = await visitor.follow(await answerOf(provider, anew.location ?? "", name));
  expect(proven.path, "where they were going").toBe(onTheWay);
  expect(textOf(proven.page.body)).toContain(setUp);
});

withoutProviders("a site without providers shows nothing of them", async ({ visitor, registered, enter }) => {
  expect((await visitor.get("/login")).body).not.toContain("Log in with");
  expect((await visitor.get("/login")).headers["content-security-policy"]).toContain("form-action 'self';");
  for (const path of ["/choose-username", "/api/auth/callback/acme?code=a&state=b"])
    expect((await visitor.get(path)).status, path).toBe(404);
  await enter(visitor, await registered());
  expect((await visitor.get("/account/connections")).status).toBe(404);
  expect((await visitor.get("/account")).body).not.toContain("Connections");
});
