import { spawn } from "node:child_process";
import { join } from "node:path";
import { openDatabase } from "../lib/testing/look-in";
import { linkIn, type Mailbox } from "../lib/testing/mail-sink";
import { MINUTE_MS } from "../lib/testing/product";
import {
  announced,
  expect,
  expectFieldError,
  field,
  fillIn,
  fillInLogin,
  greetingOf,
  heading,
  isLoggedIn,
  logIn,
  newStranger,
  type Person,
  press,
  test as story,
  testWithMail as test,
} from "./fixtures";
import { expectNoBarriers } from "./support/axe";
import { eventsIn } from "./support/log";
import type { AppServer } from "./support/server";
import type { Site } from "./support/sites";
import { readForms, send, textOf, Visitor } from "./support/visitor";

const ON_ITS_WAY = "We sent an email to that address.";
const CHANGED = "Your password has been changed. You can log in with it now.";
const DEAD_LINK = "This link does not work";
const NEW_PASSWORD = "open-sesame quite another password";

test("someone who forgot their password chooses a new one and is logged out elsewhere", {
  tag: "@no-js",
}, async ({ page, server, visitor: elsewhere, mailbox, registered, enter }) => {
  const person = await registered();
  await enter(elsewhere, person);

  await page.goto("/login");
  await page.getByRole("link", { name: "Forgot password?" }).click();
  await expect(heading(page, "Forgot password")).toBeVisible();
  await fillIn(page, { Email: person.email });
  await press(page, "Send the link");
  await expect(announced(page, "status", ON_ITS_WAY)).toBeVisible();

  await page.goto(linkIn(await mailbox.latest(person.email, "reset-password")));
  await expect(page.getByText(`For ${person.email}`)).toBeVisible();
  await expect(page.locator("input[autocomplete=username]"), "for password managers").toHaveValue(
    person.email,
  );
  await fillIn(page, { "New password": NEW_PASSWORD, "Confirm password": NEW_PASSWORD });
  await press(page, "Change password");
  await expect(announced(page, "status", CHANGED)).toBeVisible();
  await expect(page).toHaveURL(`${server.origin}/login`);

  expect(await isLoggedIn(elsewhere)).toBe(false);
  await mailbox.latest(person.email, "password-changed");
  await fillInLogin(page, person);
  await press(page, "Log in");
  await expect(announced(page, "alert", "Login Unsuccessful")).toBeVisible();
  await fillInLogin(page, { ...person, password: NEW_PASSWORD });
  await press(page, "Log in");
  await expect(heading(page, greetingOf(person.username))).toBeVisible();
});

test("mistakes are told at their fields, and the link works on", async ({
  page,
  server,
  mailbox,
  registered,
}) => {
  const person = await registered();
  await page.goto("/forgot-password");
  await press(page, "Send the link");
  await expectFieldError(page, "Email", "Enter your email address.");
  await expectNoBarriers(page);
  await page.goto(await askForLink(server, mailbox, person.email));
  await press(page, "Change password");
  await expectFieldError(page, "New password", "Choose a password.");
  await expectNoBarriers(page);
  for (const [password, message] of [
    ["sunshine", "among the most common ones"],
    [person.email, "your username"],
  ] as const) {
    await fillIn(page, { "New password": password, "Confirm password": password });
    await press(page, "Change password");
    await expectFieldError(page, "New password", message);
    await expect(field(page, "New password")).toHaveValue("");
  }
  await fillIn(page, { "New password": NEW_PASSWORD, "Confirm password": "another" });
  await press(page, "Change password");
  await expectFieldError(page, "Confirm password", "The two passwords differ.");
  await fillIn(page, { "New password": NEW_PASSWORD, "Confirm password": NEW_PASSWORD });
  await press(page, "Change password");
  await expect(announced(page, "status", CHANGED)).toBeVisible();
});

test("an unknown address gets the same answer, and an email that says so", async ({
  server,
  mailbox,
  registered,
}) => {
  const person = await registered();
  const stranger = newStranger();
  const [known, unknown] = await Promise.all(
    [person.email, stranger.email].map(async (email) => {
      const { status, location, setCookies, body } = await ask(new Visitor(server.origin), email);
      return {
        status,
        location,
        setCookies: setCookies.map((line) => line.replace(/Expires=[^;]*/, "")),
        body,
      };
    }),
  );
  expect(known).toMatchObject({ status: 303, location: `${server.origin}/login` });
  expect(unknown).toEqual(known);
  const { text } = await mailbox.latest(stranger.email, "no-account");
  expect(text).toContain("There is no account with it at Latchkey.");
  expect(text).not.toContain("token");
  expect((await mailbox.latest(person.email, "reset-password")).text).toContain("token");
});

test("too many emails to one address are refused, whether or not an account has it", async ({
  server,
  registered,
}) => {
  const person = await registered();
  const before = server.output().length;
  for (const { email } of [person, newStranger()]) {
    for (let emails = 0; emails < 5; emails++)
      expect((await ask(new Visitor(server.origin), email)).location).toBe(`${server.origin}/login`);
    const refused = await ask(new Visitor(server.origin), email);
    expect(textOf(refused.body)).toContain("You asked for several emails. Please try again in 60 minutes.");
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(3500);
  }
  const events = eventsIn(server.output().slice(before));
  expect(events.filter(({ event }) => event === "reset-throttled")).toHaveLength(2);
});

test("a scanner that opens every link spends none, and the link works on another device", async ({
  server,
  mailbox,
  registered,
}) => {
  const person = await registered();
  const link = await askForLink(server, mailbox, person.email);
  for (const method of ["GET", "HEAD", "GET"]) {
    const scanner = new Visitor(server.origin);
    const { location } = await scanner.request(link, { method });
    expect(location).toMatch(/^http:\/\/[^/]+\/reset-password\?link=[0-9a-f]{16}$/);
    expect((await scanner.get((location ?? "").slice(server.origin.length))).status).toBe(200);
  }
  const someoneElse = new Visitor(server.origin);
  expect(textOf((await someoneElse.get("/reset-password")).body)).toContain(DEAD_LINK);
  expect((await choose(server, link, NEW_PASSWORD)).location).toBe(`${server.origin}/login`);
  await logIn(new Visitor(server.origin), { ...person, password: NEW_PASSWORD });
});

test("the link's secret is out of the address at once, and in no Referer", { tag: "@next" }, async ({
  page,
  server,
  mailbox,
  registered,
}) => {
  const person = await registered();
  const link = await askForLink(server, mailbox, person.email);
  const token = new URL(link, server.origin).searchParams.get("token") ?? "";
  const seen: string[] = [];
  page.on("request", (request) => {
    if (request.url() !== server.origin + link) seen.push(request.url(), request.headers().referer ?? "");
  });
  await page.goto(link);
  await expect(heading(page, "Choose a new password")).toBeVisible();
  expect(new URL(page.url()).search).toMatch(/^\?link=[0-9a-f]{16}$/);
  expect(await page.content()).not.toContain(token);
  expect(await page.evaluate(() => document.referrer + document.cookie)).not.toContain(token);
  await page.getByRole("link", { name: "Log in" }).last().click();
  await expect(heading(page, "Log in")).toBeVisible();
  expect(seen.length).toBeGreaterThan(2);
  expect(seen.join(" ")).not.toContain(token);

  const answer = await send(server.origin + link);
  expect(answer.headers["referrer-policy"]).toBe("no-referrer");
  expect(answer.headers["cache-control"]).toContain("no-store");
  expect(answer.setCookies.join()).toMatch(
    /^latchkey\.[0-9a-f]{8}\.link\.[0-9a-f]{16}=[\w-]{43};.*HttpOnly/i,
  );
  expect(answer.setCookies.join()).not.toMatch(/expires|max-age/i);
});

test("two links in two tabs change each the password of its own account", async ({
  context,
  server,
  mailbox,
  registered,
}) => {
  const people = [await registered(), await registered()] as const;
  const tabs = [await context.newPage(), await context.newPage()] as const;
  for (const [index, person] of people.entries())
    await tabs[index]?.goto(await askForLink(server, mailbox, person.email));
  const passwords = ["first correct horse", "second correct horse"] as const;
  for (const index of [0, 1] as const) {
    await expect(tabs[index].getByText(people[index].email)).toBeVisible();
    await fillIn(tabs[index], { "New password": passwords[index], "Confirm password": passwords[index] });
    await press(tabs[index], "Change password");
    await expect(announced(tabs[index], "status", CHANGED)).toBeVisible();
  }
  for (const index of [0, 1] as const)
    await logIn(new Visitor(server.origin), { ...people[index], password: passwords[index] });
});

test("a page opened in another browser than its link says so", async ({ server, mailbox, registered }) => {
  const person = await registered();
  const { path } = await new Visitor(server.origin).follow(await askForLink(server, mailbox, person.email));
  const { body } = await new Visitor(server.origin).get(path);
  expect(textOf(body)).toContain("This browser does not have it open. Open the link in the email again.");
});

test("a link that a mail program has cut or changed says so, and leaves no cookie", async ({
  server,
  mailbox,
  registered,
}) => {
  const person = await registered();
  const link = await askForLink(server, mailbox, person.email);
  const visitor = new Visitor(server.origin);
  const end = link.indexOf("?");
  for (const cut of [
    link.slice(0, -1),
    link.slice(0, -42),
    link.slice(0, -43),
    link.slice(0, end + 4),
    link.slice(0, end),
    `${link}.`,
    link.replace(/.$/, "%3E"),
  ]) {
    const { page } = await visitor.follow(cut);
    expect(textOf(page.body), cut.length.toString()).toContain(
      "It is not the whole link: a part of it is missing or changed. Copy all of it from the email",
    );
  }
  expect([...visitor.cookies.keys()]).toEqual([]);
  expect((await choose(server, link, NEW_PASSWORD)).location).toBe(`${server.origin}/login`);
});

test("links that no email has leave no cookie, however long they are", async ({ server }) => {
  const visitor = new Visitor(server.origin);
  for (const token of ["x", "A".repeat(42), "A".repeat(44), "A".repeat(3000)]) {
    const { page } = await visitor.follow(`/reset-password?token=${token}`);
    expect(page.status).toBe(200);
  }
  expect([...visitor.cookies.keys()]).toEqual([]);
  for (let index = 0; index < 9; index++)
    await visitor.follow(`/reset-password?token=${String(index).padStart(43, "A")}`);
  expect(visitor.cookies.size, "the oldest are forgotten").toBeLessThanOrEqual(5);
});

test("a link is dead after thirty minutes, after its use and after a newer one, and says so", async ({
  page,
  server,
  database,
  mailbox,
  registered,
}) => {
  const person = await registered();
  const moveTokens = (column: "createdAt" | "expiresAt", to: Date) =>
    database.query(`UPDATE "LinkToken" SET "${column}" = ? WHERE "userId" = ?`, to, person.id);
  const old = await askForLink(server, mailbox, person.email);
  await moveTokens("expiresAt", new Date(Date.now() - 1000));
  await page.goto(old);
  await expect(heading(page, DEAD_LINK)).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await expectNoBarriers(page);

  const overtaken = await askForLink(server, mailbox, person.email);
  await moveTokens("createdAt", new Date(Date.now() - 2 * MINUTE_MS));
  const used = await askForLink(server, mailbox, person.email);
  await choose(server, used, NEW_PASSWORD);
  for (const link of [overtaken, used]) {
    await page.goto(link);
    await expect(heading(page, DEAD_LINK)).toBeVisible();
  }
  await page.getByRole("link", { name: "Ask for a new password" }).click();
  await expect(heading(page, "Forgot password")).toBeVisible();
});

test("a form left open while its link dies says so, and asks for no new typing in vain", async ({
  page,
  server,
  mailbox,
  registered,
}) => {
  const person = await registered();
  const link = await askForLink(server, mailbox, person.email);
  await page.goto(link);
  await choose(server, link, NEW_PASSWORD);
  await fillIn(page, { "New password": "open-sesame too late", "Confirm password": "open-sesame too late" });
  await press(page, "Change password");
  await expect(announced(page, "alert", "This link no longer works.")).toBeVisible();
});

test("no one waits for a mail server that is down or says nothing, and the email comes later", async ({
  server,
  database,
  mailbox,
  registered,
}) => {
  const person = await registered();
  const makeDue = () => database.query('UPDATE "OutboxEmail" SET "dueAt" = ?', new Date());
  const [before, printedBefore] = [mailbox.connections, server.output().length];
  mailbox.hold(); // until after both answers: a server that waits for it would wait for ever
  const slow = await ask(new Visitor(server.origin), person.email);
  await expect.poll(() => mailbox.connections).toBeGreaterThan(before);
  const ready = async () => JSON.parse((await send(`${server.origin}/api/health/ready`)).body);
  expect(await ready()).toEqual({ status: "ok" });
  await mailbox.stop();
  const down = await ask(new Visitor(server.origin), person.email);
  for (const answer of [slow, down]) expect(answer.location).toBe(`${server.origin}/login`);
  await expect
    .poll(() => eventsIn(server.output().slice(printedBefore)).map(({ event }) => event))
    .toContain("mail-delayed");
  expect(server.output()).not.toContain(person.email);

  await expect.poll(ready).toEqual({ status: "ok", mail: "delayed" });

  mailbox.release();
  await mailbox.start();
  await makeDue();
  await mailbox.latest(person.email, "reset-password", 2);
  await expect.poll(ready).toEqual({ status: "ok" });
  const ids = mailbox.to(person.email, "reset-password").map(({ headers }) => headers.get("message-id"));
  expect(new Set(ids).size).toBe(2);
});

story(
  "two servers on one database send each email once",
  { tag: "@postgres" },
  async ({ instances: [one, two], sharedMailbox: mailbox }) => {
    const database = openDatabase(one.databaseUrl);
    const people = Array.from({ length: 8 }, newStranger);
    await mailbox.stop();
    await Promise.all(
      people.map(({ email }, index) => ask(new Visitor((index % 2 ? one : two).origin), email)),
    );
    await mailbox.start();
    await database.query(
      'UPDATE "OutboxEmail" SET "dueAt" = ? WHERE "dueAt" < ?', // those further off are being sent right now
      new Date(),
      new Date(Date.now() + MINUTE_MS),
    );
    for (const { email } of people) await mailbox.latest(email, "no-account");
    await expect.poll(() => database.query('SELECT "id" FROM "OutboxEmail"')).toEqual([]);
    const ids = mailbox.mails.map(({ headers }) => headers.get("message-id"));
    expect(new Set(ids).size, "no email came twice").toBe(ids.length);
    const asked = mailbox.mails
      .flatMap((mail) => mail.recipients)
      .filter((recipient) => people.some(({ email }) => email === recipient));
    expect(asked.sort()).toEqual(people.map(({ email }) => email).sort());
  },
);

test("the log and the history tell of a new password, without the link's secret", async ({
  server,
  database,
  mailbox,
  registered,
}) => {
  const person = await registered();
  const before = server.output().length;
  await ask(new Visitor(server.origin), newStranger().email);
  const link = await askForLink(server, mailbox, person.email);
  await choose(server, link, NEW_PASSWORD);
  await mailbox.latest(person.email, "password-changed");
  const events = eventsIn(server.output().slice(before));
  expect(events.map(({ event, userId }) => [event, userId])).toEqual([
    ["reset-requested", null],
    ["reset-requested", person.id],
    ["password-reset", person.id],
  ]);
  const token = new URL(link, server.origin).searchParams.get("token") ?? "no token";
  expect(server.output()).not.toContain(token);
  expect(server.output()).not.toContain(person.email);
  const history = () =>
    database.query<{ event: string }>(
      'SELECT "event" FROM "AuditEvent" WHERE "userId" = ? ORDER BY "at"',
      person.id,
    );
  await expect
    .poll(async () => (await history()).map(({ event }) => event))
    .toEqual(["registered", "reset-requested", "password-reset"]);
});

story("without a mail server no page offers an email", async ({ page }) => {
  await page.goto("/login");
  await expect(heading(page, "Log in")).toBeVisible();
  await expect(page.getByRole("link", { name: /forgot/i })).toHaveCount(0);
  const answer = await page.goto("/forgot-password");
  expect(answer?.status()).toBe(404);
});

story("without a mail server the operator makes a link", async ({ page, site, registered, database }) => {
  const person = await registered();
  await page.goto(await linkFromOperator(site, person));
  await expect(heading(page, "Choose a new password")).toBeVisible();
  await fillIn(page, { "New password": NEW_PASSWORD, "Confirm password": NEW_PASSWORD });
  await press(page, "Change password");
  await expect(announced(page, "status", CHANGED)).toBeVisible();
  await logIn(new Visitor(site.origin), { ...person, password: NEW_PASSWORD });
  expect(await database.query('SELECT "id" FROM "OutboxEmail"'), "no process would ever send them").toEqual(
    [],
  );
});

/** Asks for an email as a browser without JavaScript does. */
function ask(visitor: Visitor, email: string) {
  return visitor.submit("/forgot-password", { email });
}

/** Asks for an email and answers its link, as a path. */
async function askForLink(server: AppServer, mailbox: Mailbox, email: string): Promise<string> {
  const before = mailbox.to(email, "reset-password").length;
  await ask(new Visitor(server.origin), email);
  return linkIn(await mailbox.latest(email, "reset-password", before + 1));
}

/** Follows a link in a new browser and sends its form, if there is one; else answers the page. */
async function choose(server: AppServer, link: string, password: string) {
  const visitor = new Visitor(server.origin);
  const { path, page } = await visitor.follow(link);
  const hasForm = readForms(page.body).some(({ fields }) => fields.has("confirmation"));
  return hasForm ? visitor.send(path, page, { password, confirmation: password }) : page;
}

/** The link that `npm run user -- reset-link` prints. */
async function linkFromOperator({ origin, databaseUrl }: Site, { email }: Person): Promise<string> {
  const run = join(import.meta.dirname, "../lib/cli/run.mjs");
  const env = { ...process.env, DATABASE_URL: databaseUrl, AUTH_URL: origin };
  const child = spawn(process.execPath, [run, "user", "reset-link", email], { env });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  await new Promise((resolve) => child.once("close", resolve));
  return output.trim().split("\n")[1] ?? "";
}

test("an address typed at the login is at Forgot password, and still there on the way back", async ({
  page,
}) => {
  const { email } = newStranger();
  await page.goto("/login");
  await fillIn(page, { Email: email });
  await expect(page.getByRole("button", { name: "Show password" }), "the script runs").toBeVisible();
  await expectNoBarriers(page);
  await page.getByRole("link", { name: "Forgot password?" }).click();
  await expect(heading(page, "Forgot password")).toBeVisible();
  await expect(field(page, "Email")).toHaveValue(email);
  await page.goBack();
  await expect(heading(page, "Log in")).toBeVisible();
  await expect(field(page, "Email")).toHaveValue(email);
});
